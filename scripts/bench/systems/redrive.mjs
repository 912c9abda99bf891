import { Redrive } from '../../../dist/src/index.js'
import { ATTEMPTS, BACKOFF, CONCURRENCY } from '../workload.mjs'

/** @type {import('./system.mjs').OpenSystem} */
export function openRedrive(socket) {
  const redrive = new Redrive({ redis: `unix://${socket}` })
  return (name) => {
    const queue = redrive.queue(name, {
      retry: { attempts: ATTEMPTS, backoff: { type: 'exponential', delay: BACKOFF } },
      retention: { succeeded: 0 },
    })
    return {
      send: (input) => queue.send(input),
      sendBulk: (messages) =>
        queue.sendBulk(messages.map(({ payload, delay }) => (delay ? { input: payload, delay } : { input: payload }))),
      async work(handler, onDone) {
        const worker = queue.work(handler, { concurrency: CONCURRENCY })
        worker.on('succeeded', onDone)
        await worker.ready()
        return () => worker.stop()
      },
    }
  }
}
