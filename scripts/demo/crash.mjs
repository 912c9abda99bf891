/** With so many deliveries under way a crash is worth seeing. */
const HOLDING = 3
/** After this long, one is enough. */
const CHOOSY_MS = 1000

/**
 * Kills a worker once, at a moment when it certainly has work in its hands: a request of its has just arrived, and its answer
 * is still to come.
 * @param {{
 *   receiver: Awaited<ReturnType<typeof import('./receiver.mjs').startReceiver>>,
 *   workers: import('./worker-processes.mjs').WorkerProcess[],
 *   isTime: () => boolean,
 *   seconds: () => number,
 * }} scene
 */
export function planCrash({ receiver, workers, isTime, seconds }) {
  let since
  receiver.onArrival(({ worker: name }) => {
    if (!isTime()) return
    since ??= performance.now()
    const holding = receiver.inFlight(name)
    if (holding < (performance.now() - since > CHOOSY_MS ? 1 : HOLDING)) return
    receiver.onArrival(() => {})
    workers.find((worker) => worker.name === name)?.kill(seconds(), holding)
  })
}
