import { setTimeout as pause } from 'node:timers/promises'

/** A handler that takes its time, and one that ends only when it is aborted. */
export default (redrive) => {
  redrive.queue('slow').work(async (ms, { log }) => {
    log('started')
    await pause(ms)
  })
  redrive.queue('stuck').work(async (_, { signal, log }) => {
    log('started')
    await pause(1e9, undefined, { signal })
  })
}
