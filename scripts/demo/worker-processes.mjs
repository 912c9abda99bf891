import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('./worker.mjs', import.meta.url))
const PATIENCE_MS = 5000

/**
 * @typedef {object} WorkerProcess
 * @property {string} name
 * @property {number} pid
 * @property {{ at: number, holding: number } | undefined} killed
 * @property {Promise<never>} failed Rejects when it ends by itself.
 * @property {(at: number, holding: number) => void} kill
 * @property {() => Promise<void>} stop
 */

/**
 * @param {{ redis: string, prefix: string, name: string, receiver: string, retained: number }} settings
 * @returns {Promise<WorkerProcess>}
 */
export async function startWorker(settings) {
  // Whatever a worker prints belongs to the view's side: stdout may be the summary's alone.
  const child = fork(SCRIPT, [JSON.stringify(settings)], { stdio: ['ignore', 2, 2, 'ipc'] })
  const exited = once(child, 'exit')
  let expected = false
  const failed = exited.then(([code, signal]) =>
    expected
      ? new Promise(() => {})
      : Promise.reject(new Error(`${settings.name} ended (${signal ?? `code ${code}`})`)),
  )
  failed.catch(() => {}) // whoever waits for something races with it
  const worker = {
    name: settings.name,
    pid: child.pid,
    killed: undefined,
    failed,
    kill(at, holding) {
      expected = true
      worker.killed = { at, holding }
      child.kill('SIGKILL')
    },
    async stop() {
      expected = true
      if (child.connected) child.disconnect()
      const impatience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
      await exited
      clearTimeout(impatience)
    },
  }
  await Promise.race([once(child, 'message'), failed])
  return worker
}
