/**
 * The process between a program and its private Redis server. It exists because a parent that is killed with SIGKILL can
 * tidy nothing: this one sees its stdin end, stops the server and removes what was temporary.
 *
 * Plain JavaScript that imports Node's own modules alone, since it is started from its text: a bundle has no file for it.
 *
 * stdin:  one JSON value a line. First the job, { binary, config, remove: path[] }; then "start" or "end", any number of times.
 *         The end of stdin is the order to leave.
 * stdout: one JSON value a line. { started: pid } or { exited: { code, signal, log } }.
 */
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'

const GRACE_MS = 3000
const LOG_LINES = 40
/** How long output may trail behind the exit of the server; a forked child of it can hold the pipe open for much longer. */
const TRAILING_OUTPUT_MS = 200

/** @type {{ binary: string, config: string, remove: string[] }} */
let job
/** The child while it runs. */
let server
/** Settles when the current run is over. */
let over = Promise.resolve()

const report = (fact) => process.stdout.write(`${JSON.stringify(fact)}\n`)

function start({ binary, config }) {
  const log = []
  const child = spawn(binary, ['-'], { stdio: ['pipe', 'pipe', 'pipe'] })
  server = child
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      log.push(line)
      if (log.length > LOG_LINES) log.shift()
    })
  }
  over = new Promise((resolve) => {
    const exited = (code, signal) => {
      if (server !== child) return
      server = undefined
      report({ exited: { code, signal, log } })
      resolve()
    }
    child.once('error', (error) => {
      log.push(error.message)
      exited(null, null)
    })
    child.once('close', exited)
    child.once('exit', (code, signal) => setTimeout(exited, TRAILING_OUTPUT_MS, code, signal))
  })
  child.stdin.on('error', () => {}) // it died before it read its configuration; its log tells
  child.stdin.end(config)
  if (child.pid !== undefined) report({ started: child.pid })
}

async function end() {
  const child = server
  if (!child) return
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
  await over
  clearTimeout(impatience)
}

async function leave() {
  await end()
  for (const path of job?.remove ?? []) rmSync(path, { recursive: true, force: true })
  process.exit(0)
}

process.stdout.on('error', () => {}) // the parent is gone; the end of stdin says so too
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void leave())

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const order = JSON.parse(line)
    if (order === 'end') void end()
    else if (order !== 'start') job = order
    else if (job) start(job)
  })
  .on('close', () => void leave())
