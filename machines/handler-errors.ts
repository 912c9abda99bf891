import { invalidOption } from './invalid-option.ts'

// A handler tells the machine what it wants by plain properties of the error: `snooze`, `retryable`, `retryAfter`.
// Any error may carry them; these classes only save typing. They work without XState and without a queue.

/**
 * "Not now": the attempt does not count, and the next one follows after exactly `ms` milliseconds.
 *
 * @example throw new SnoozeError(60_000, 'the report is not ready')
 * @throws RangeError `E_INVALID_OPTION` unless `ms` is a finite number ≥ 0.
 */
export class SnoozeError extends Error {
  override readonly name = 'SnoozeError'
  readonly snooze: number

  constructor(ms: number, message = `snoozed for ${ms} ms`, options?: ErrorOptions) {
    super(message, options)
    if (!(Number.isFinite(ms) && ms >= 0)) throw invalidOption('snooze', 'milliseconds from 0', ms, RangeError)
    this.snooze = ms
  }
}

/**
 * "Never": no retry will help, and the message is dead at once.
 *
 * @example throw new NonRetryableError('no such customer', { cause })
 */
export class NonRetryableError extends Error {
  override readonly name = 'NonRetryableError'
  readonly retryable = false
}

export interface RetryableErrorOptions extends ErrorOptions {
  /**
   * At least this many milliseconds until the next attempt; errors of other clients often have seconds here: multiply them by 1000.
   * Default: what the backoff says. Bounds: from 0; beyond 2^31 − 1 counts as that.
   */
  readonly retryAfter?: number
}

/**
 * "Later": the attempt counts as a failure, and the next one follows after the backoff, or `retryAfter` where that is longer.
 *
 * @example throw new RetryableError('rate limited', { retryAfter: 30_000 })
 * @throws RangeError `E_INVALID_OPTION` unless `retryAfter` is a finite number ≥ 0.
 */
export class RetryableError extends Error {
  override readonly name = 'RetryableError'
  readonly retryable = true
  readonly retryAfter?: number

  constructor(message?: string, { retryAfter, ...options }: RetryableErrorOptions = {}) {
    super(message, options)
    if (retryAfter === undefined) return
    if (!(Number.isFinite(retryAfter) && retryAfter >= 0))
      throw invalidOption('retryAfter', 'milliseconds from 0', retryAfter, RangeError)
    this.retryAfter = retryAfter
  }
}
