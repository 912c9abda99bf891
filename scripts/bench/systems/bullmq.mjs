import { Queue, Worker } from 'bullmq'
import { ATTEMPTS, BACKOFF, CONCURRENCY } from '../workload.mjs'

/** @type {import('./system.mjs').OpenSystem} */
export function openBullMQ(socket) {
  const connection = { path: socket, maxRetriesPerRequest: null }
  return (name, { backoff = BACKOFF } = {}) => {
    const defaultJobOptions = {
      attempts: ATTEMPTS,
      backoff: { type: 'exponential', delay: backoff },
      removeOnComplete: true,
    }
    const queue = new Queue(name, { connection, defaultJobOptions })
    return {
      send: (data) => queue.add('message', data),
      sendBulk: (messages) =>
        queue.addBulk(
          messages.map(({ payload, delay }) => ({ name: 'message', data: payload, opts: delay ? { delay } : {} })),
        ),
      async work(handler, onDone) {
        const process = (job) => handler(job.data, job.attemptsMade + 1)
        const worker = new Worker(name, process, { connection, concurrency: CONCURRENCY })
        worker.on('completed', onDone)
        await worker.waitUntilReady()
        return () => worker.close()
      },
    }
  }
}
