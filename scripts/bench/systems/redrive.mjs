import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MACHINES } from '../machines.mjs'
import { ATTEMPTS, BACKOFF, CONCURRENCY } from '../workload.mjs'

/**
 * @param {string} build Folder of a build of Redrive.
 * @returns {Promise<import('./system.mjs').OpenSystem>}
 */
export async function loadRedrive(build) {
  const { Redrive } = await import(pathToFileURL(join(build, 'dist/src/index.js')))
  const xstate = await import(pathToFileURL(createRequire(join(build, 'package.json')).resolve('xstate')))
  return (socket) => {
    const redrive = new Redrive({ redis: `unix://${socket}` })
    return (name, { machine, backoff = BACKOFF } = {}) => {
      const queue = redrive.queue(name, {
        ...(machine
          ? { machine: MACHINES[machine](xstate) }
          : { retry: { attempts: ATTEMPTS, backoff: { type: 'exponential', delay: backoff } } }),
        retention: { succeeded: 0 },
      })
      return {
        send: (input) => queue.send(input),
        sendBulk: (messages) =>
          queue.sendBulk(
            messages.map(({ payload, id, delay }) => ({
              input: payload,
              ...(id === undefined ? {} : { id }),
              ...(delay ? { delay } : {}),
            })),
          ),
        signal: (id, event) => queue.signal(id, event),
        async work(handler, onDone) {
          const work = (input, { attempt }) => handler(input, attempt)
          const worker = queue.work(machine ? { work } : work, { concurrency: CONCURRENCY })
          worker.on('succeeded', onDone)
          await worker.ready()
          return () => worker.stop()
        },
      }
    }
  }
}
