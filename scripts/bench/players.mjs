import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('./player.mjs', import.meta.url))
/** A measurement of a minute is stuck. */
const PATIENCE_MS = 120_000

/** Those that still run, for the case that a measurement fails. */
const running = new Set()

export function killPlayers() {
  for (const child of running) child.kill('SIGKILL')
}

/**
 * A process with one task, ready to begin. Each measurement has processes of its own: the garbage and the compiled code of one
 * must not weigh on the next.
 * @param {{ system: string, task: string, socket: string, warmUp: number, count: number, window?: number, lead?: number }} job
 * @param {string} [profile] Folder for its CPU profile.
 */
export async function startPlayer(job, profile) {
  const execArgv = profile
    ? ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${job.system}-${job.task}.cpuprofile`]
    : []
  const child = fork(SCRIPT, [JSON.stringify(job)], { stdio: ['ignore', 2, 2, 'ipc'], execArgv })
  const exited = once(child, 'exit')
  running.add(child)
  child.once('exit', () => running.delete(child))
  const name = `${job.task} of ${job.system}`
  const messages = inbox(child)
  const hear = () => heard(messages.next(), exited, name)
  await hear()
  return {
    /** Begins, and resolves to the result. */
    play() {
      child.send('go')
      return hear()
    },
    async end() {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}

/** Messages are kept until somebody asks: they must not come too early. */
function inbox(child) {
  const waiting = []
  const askers = []
  child.on('message', (message) => (askers.length > 0 ? askers.shift()(message) : waiting.push(message)))
  return {
    next: () => new Promise((resolve) => (waiting.length > 0 ? resolve(waiting.shift()) : askers.push(resolve))),
  }
}

async function heard(message, exited, name) {
  let timer
  const impatience = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} takes longer than ${PATIENCE_MS / 1000} s`)), PATIENCE_MS)
  })
  const death = exited.then(([code, signal]) =>
    Promise.reject(new Error(`${name} ended (${signal ?? `code ${code}`})`)),
  )
  try {
    return await Promise.race([message, impatience, death])
  } finally {
    clearTimeout(timer)
  }
}
