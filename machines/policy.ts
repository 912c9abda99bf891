import { MAX_DELAY, type Backoff, type BackoffOptions } from './backoff.ts'
import type { ErrorData } from './error-data.ts'
import { callable, invalidOption, listOfText, numberBetween, objectOf, oneOf } from './invalid-option.ts'

/**
 * When a message is tried again. It is code, closed over by the machine: a change applies to stored messages too.
 * Durations are milliseconds, as numbers.
 */
export interface RetryPolicy {
  /** Runs of the handler that count, the first included. Default 5. Bounds: from 1 (no retries); Infinity is allowed. */
  readonly attempts?: number
  /**
   * How long to wait between attempts. Default: 1 s, doubled each time up to 5 minutes, fully spread.
   *
   * @example { backoff: { type: 'polynomial', delay: 1000, jitter: 'none' } } // 1 s, 4 s, 9 s, 16 s
   */
  readonly backoff?: BackoffOptions
  /**
   * Time limit of one attempt, in ms. Default none, which is 2^31 − 1 (24.8 days). Bounds: 1 to 2^31 − 1.
   * At the limit the handler's signal aborts, and the attempt has failed with a TimeoutError.
   *
   * @example { timeout: 30_000 }
   */
  readonly timeout?: number
  /**
   * Time limit of all attempts together, in ms since the message was created, waiting included. Default none (Infinity).
   * Bounds: from 1. A retry that would start after it is not waited for: the message is dead at once. It also ends the
   * attempt that is running then. It holds for messages that were created, or redriven, while the option was set.
   *
   * @example { attempts: Infinity, deadline: 86_400_000 } // for a day
   */
  readonly deadline?: number
  /**
   * Attempts that may end because the worker was lost, counted apart from failures. Default 3. Bounds: from 0; Infinity is
   * allowed. One more, and the message is dead as poisoned: a message that kills its workers must not kill them all.
   */
  readonly maxLeasesLost?: number
  /**
   * Names or codes of errors that no retry will mend. Default none.
   *
   * @example { nonRetryable: ['ZodError', 'E_NO_SUCH_CUSTOMER', '404'] }
   */
  readonly nonRetryable?: readonly string[]
  /**
   * False: no retry for this error. Default: any error is retried. Anything but false, and a throw, means a retry:
   * a slip in the predicate must not cost the message.
   *
   * @example { retryIf: (error) => error.code !== 'ERR_BAD_REQUEST' }
   */
  readonly retryIf?: (error: ErrorData) => boolean
  /** Epoch ms, for the deadline and for `Retry-After` dates. Default `Date.now`. */
  readonly now?: () => number
  /** From 0 inclusive to 1 exclusive, for the jitter. Default `Math.random`. */
  readonly random?: () => number
}

/**
 * What one message may set for itself. Plain data, stored with the message, so numbers must be finite: in place of
 * Infinity give `Number.MAX_SAFE_INTEGER`. Each option replaces the policy's; `backoff` is merged option by option.
 */
export interface RetryOverrides extends Pick<RetryPolicy, 'attempts' | 'deadline' | 'timeout' | 'maxLeasesLost'> {
  readonly backoff?: Omit<BackoffOptions, 'type' | 'compute'> & {
    readonly type?: 'fixed' | 'exponential' | 'polynomial'
  }
}

/** Every default of the retry policy, in one place. Durations in milliseconds. */
export const DEFAULT_RETRY_POLICY = Object.freeze({
  attempts: 5,
  backoff: Object.freeze({
    type: 'exponential',
    delay: 1000,
    factor: 2,
    exponent: 2,
    /** 5 minutes. A longer `delay` raises it, and a custom backoff that works is not held by it; see `BackoffOptions.max`. */
    max: 300_000,
    jitter: 'full',
  } as const),
  timeout: MAX_DELAY,
  deadline: Infinity,
  maxLeasesLost: 3,
  nonRetryable: Object.freeze([] as string[]),
  // Looked up at each call, so that a test which replaces Date or Math is heard.
  now: () => Date.now(),
  random: () => Math.random(),
})

/** A policy with every default filled in. */
export interface ResolvedPolicy
  extends Required<Omit<RetryPolicy, 'backoff' | 'retryIf'>>, Pick<RetryPolicy, 'retryIf'> {
  readonly backoff: Backoff
}

const duration = (min: number, max: number) => numberBetween({ min, max, what: 'milliseconds' })
const count = (min: number, max: number) => numberBetween({ min, max, integer: true, what: 'a whole number' })

const backoffData = {
  delay: duration(0, MAX_DELAY),
  factor: numberBetween({ min: 1, max: 1000, what: 'a number' }),
  exponent: numberBetween({ min: 0, max: 100, what: 'a number' }),
  max: duration(0, MAX_DELAY),
  jitter: oneOf('full', 'equal', 'none'),
}
const checkPolicy = objectOf({
  attempts: count(1, Infinity),
  backoff: objectOf({ ...backoffData, type: oneOf('fixed', 'exponential', 'polynomial', 'custom'), compute: callable }),
  timeout: duration(1, MAX_DELAY),
  deadline: duration(1, Infinity),
  maxLeasesLost: count(0, Infinity),
  nonRetryable: listOfText,
  retryIf: callable,
  now: callable,
  random: callable,
})
const checkOverrides = objectOf({
  attempts: count(1, Number.MAX_SAFE_INTEGER),
  backoff: objectOf({ ...backoffData, type: oneOf('fixed', 'exponential', 'polynomial') }),
  timeout: duration(1, MAX_DELAY),
  deadline: duration(1, Number.MAX_SAFE_INTEGER),
  maxLeasesLost: count(0, Number.MAX_SAFE_INTEGER),
})
const checkDelay = duration(0, Number.MAX_SAFE_INTEGER)

/**
 * The policy with defaults and one message's overrides applied. It does not check: overrides that were stored under an
 * earlier policy must not make a later step throw.
 */
export function resolvePolicy(policy: RetryPolicy, overrides: RetryOverrides = {}): ResolvedPolicy {
  const backoff = resolveBackoff({ ...given(policy.backoff), ...given(overrides.backoff) })
  return { ...DEFAULT_RETRY_POLICY, ...given(policy), ...given(overrides), backoff }
}

function resolveBackoff(options: BackoffOptions): Backoff {
  const merged = { ...DEFAULT_RETRY_POLICY.backoff, ...options }
  const max = options.max ?? Math.max(merged.max, merged.delay)
  return { ...merged, max, computedMax: options.max ?? MAX_DELAY }
}

/** @throws TypeError | RangeError `E_INVALID_OPTION` naming the option, what was expected and what came. */
export function validatePolicy(policy: RetryPolicy): void {
  checkPolicy(policy, 'retry')
  const { backoff } = resolvePolicy(policy)
  if (backoff.type === 'custom' && backoff.compute === undefined)
    throw invalidOption('retry.backoff.compute', 'a function when the type is "custom"', undefined)
  validateBackoff(backoff)
}

/**
 * Checks what one message asks for, against the policy of its machine.
 *
 * @param delay Milliseconds until the first delivery.
 * @throws TypeError | RangeError `E_INVALID_OPTION`, also for a delay that does not end before the deadline.
 */
export function validateInput(policy: RetryPolicy, delay: unknown, overrides?: RetryOverrides): void {
  if (delay !== undefined) checkDelay(delay, 'delay')
  if (overrides !== undefined) checkOverrides(overrides, 'retry')
  const { backoff, deadline } = resolvePolicy(policy, overrides)
  if (overrides?.backoff !== undefined) validateBackoff(backoff)
  if (typeof delay === 'number' && delay >= deadline)
    throw invalidOption('delay', `shorter than the deadline of ${deadline} ms`, delay, RangeError)
}

function validateBackoff({ delay, max }: Backoff): void {
  if (delay > max)
    throw invalidOption('retry.backoff.delay', `at most retry.backoff.max, which is ${max}`, delay, RangeError)
}

/** What of the overrides is worth storing: JSON has no undefined, and an empty object says nothing. */
export function storedOverrides(overrides?: RetryOverrides): RetryOverrides | undefined {
  const { backoff, ...others } = given(overrides)
  const curve = given(backoff)
  const stored = { ...others, ...(Object.keys(curve).length === 0 ? {} : { backoff: curve }) }
  return Object.keys(stored).length === 0 ? undefined : stored
}

/** Without the keys whose value is undefined, which would hide a default. */
function given<Options extends object>(options?: Options): { [K in keyof Options]: Exclude<Options[K], undefined> } {
  const entries = Object.entries(options ?? {}).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof Options]: Exclude<Options[K], undefined> }
}
