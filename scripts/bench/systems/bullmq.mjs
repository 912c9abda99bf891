import { Queue, Worker } from 'bullmq'
import { ATTEMPTS, BACKOFF, CONCURRENCY } from '../workload.mjs'

/** @type {import('./system.mjs').OpenSystem} */
export function openBullMQ(socket) {
  const connection = { path: socket, maxRetriesPerRequest: null }
  const defaultJobOptions = {
    attempts: ATTEMPTS,
    backoff: { type: 'exponential', delay: BACKOFF },
    removeOnComplete: true,
  }
  return (name) => {
    const queue = new Queue(name, { connection, defaultJobOptions })
    return {
      send: (data) => queue.add('message', data),
      sendBulk: (messages) =>
        queue.addBulk(
          messages.map(({ payload, delay }) => ({ name: 'message', data: payload, opts: delay ? { delay } : {} })),
        ),
      async work(handler, onDone) {
        const worker = new Worker(name, (job) => handler(job.data), { connection, concurrency: CONCURRENCY })
        worker.on('completed', onDone)
        await worker.waitUntilReady()
        return () => worker.close()
      },
    }
  }
}
