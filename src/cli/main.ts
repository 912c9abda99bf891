#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import { EXIT, reportFailure } from './failure.ts'
import { createInterruption } from './interruption.ts'
import { runProgram } from './program.ts'

const { stdin, stdout, stderr, env } = process

const interruption = createInterruption()
// `redrive ls | head` closes the pipe early: that is no failure. A worker gives its messages back first. A full disk is one.
let unwritten: Error | undefined
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') interruption.interrupt('SIGPIPE')
  else unwritten ??= new Error(`what there was to say could not be written: ${error.message}`)
})
stderr.on('error', () => {})

const entry = fileURLToPath(import.meta.url)
const terminal = { stdin, stdout, stderr, env }
const code = await runProgram(process.argv.slice(2), { terminal, interruption, entry })
// Not before the last line is out; and not by waiting for what a user's module left open.
// The error of a last line is told a moment after it is out.
stdout.write('', () => setImmediate(end))

function end(): void {
  if (unwritten) reportFailure(unwritten, terminal, { json: false })
  process.exit(unwritten && code === EXIT.ok ? EXIT.failed : code)
}
