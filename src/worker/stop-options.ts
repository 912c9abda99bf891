import { toMs, toOptions, type Duration } from '../options.ts'

/** How a worker, or a client with all of its workers, is stopped. */
export interface StopOptions {
  /** How long handlers may still run before they are aborted. Default: the option `drain` of each worker. */
  readonly timeout?: Duration
}

/**
 * Milliseconds; `undefined` where nothing is said.
 * @throws RedriveError `E_INVALID_OPTION`, `E_INVALID_DURATION`
 */
export function stopTimeout(given: StopOptions = {}, call: string): number | undefined {
  // `process.on('SIGTERM', worker.stop)` passes the name of the signal: a program that ends must not fail of that.
  if (typeof given === 'string' && /^SIG[A-Z0-9]+$/.test(given)) return undefined
  const { timeout } = toOptions(given, call, { timeout: true })
  return timeout === undefined ? undefined : toMs(timeout, 'timeout')
}
