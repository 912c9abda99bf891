import { randomBytes } from 'node:crypto'
import { Redrive } from '../../dist/src/index.js'
import { openConnection } from '../../dist/src/store/connection.js'
import { openDashboard } from './dashboard.mjs'
import { openQueue } from './queue.mjs'
import { startReceiver } from './receiver.mjs'
import { startWorker } from './worker-processes.mjs'

const WORKERS = ['worker-1', 'worker-2']
/** Settled messages kept beyond those of the run, while `--keep` sends more. */
const SPARE = 1000

/**
 * Everything that takes part in a run.
 * @typedef {object} Stage
 * @property {string} url Of the Redis server.
 * @property {string} prefix
 * @property {import('../../dist/src/index.js').Queue} queue
 * @property {Awaited<ReturnType<typeof startReceiver>>} receiver
 * @property {import('./worker-processes.mjs').WorkerProcess[]} workers
 * @property {string | undefined} dashboard What to open in a browser, when the run is kept.
 */

/**
 * @param {import('./options.mjs').DemoOptions} options
 * @param {{ signal: AbortSignal, onClose: (close: () => Promise<void>) => void }} life What is opened is closed in reverse.
 * @returns {Promise<Stage>}
 */
export async function openStage({ messages, redis, keep }, { signal, onClose }) {
  const prefix = redis === undefined ? 'rd' : `demo-${randomBytes(4).toString('hex')}`
  const redrive = new Redrive(redis === undefined ? { embedded: true } : { redis, prefix })
  onClose(() => redrive.close())
  await redrive.ready()
  const url = await redrive.url()
  if (url === undefined) throw new Error(NO_SERVER)
  if (redis !== undefined) onClose(() => removeKeys(url, prefix))
  signal.throwIfAborted()

  const receiver = await startReceiver()
  onClose(receiver.close)
  const retained = messages + SPARE
  const settings = { redis: url, prefix, receiver: receiver.url, retained }
  const starts = await Promise.allSettled(WORKERS.map((name) => startWorker({ ...settings, name })))
  const workers = starts.flatMap(({ value }) => value ?? [])
  for (const { stop } of workers) onClose(stop)
  const failed = starts.find(({ status }) => status === 'rejected')
  if (failed) throw failed.reason
  signal.throwIfAborted()
  const queue = openQueue(redrive, retained)
  const dashboard = keep ? await openDashboard(redrive, onClose) : undefined
  return { url, prefix, queue, receiver, workers, dashboard }
}

const NO_SERVER =
  'there is no redis-server or valkey-server on the PATH. Redrive can do without, in memory, but two worker processes cannot share the memory of one. Install Redis, or name a server: npm run demo -- --redis redis://127.0.0.1:6379'

/** A server of the user's own is left as it was. */
async function removeKeys(url, prefix) {
  const redis = openConnection(url, { commandTimeout: 10_000 })
  try {
    for await (const keys of redis.scanStream({ match: `${prefix}:*`, count: 1000 }))
      if (keys.length > 0) await redis.unlink(...keys)
  } finally {
    redis.disconnect()
  }
}
