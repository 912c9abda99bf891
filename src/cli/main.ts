#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import { createInterruption } from './interruption.ts'
import { runProgram } from './program.ts'

const { stdin, stdout, stderr, env } = process

const interruption = createInterruption()
// `redrive ls | head` closes the pipe early: that is no failure. A worker gives its messages back first.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') interruption.interrupt('SIGPIPE')
})
stderr.on('error', () => {})

const entry = fileURLToPath(import.meta.url)
const code = await runProgram(process.argv.slice(2), { terminal: { stdin, stdout, stderr, env }, interruption, entry })
// Not before the last line is out; and not by waiting for what a user's module left open.
stdout.write('', () => process.exit(code))
