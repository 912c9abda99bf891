import type { ErrorData } from './error-data.ts'

/**
 * The longest delay that `setTimeout` can count: 2^31 − 1 ms, about 24.8 days. Node and browsers fire at once beyond it.
 * It stands for "no limit" where XState's `after` must have a number.
 */
export const MAX_DELAY = 2 ** 31 - 1

export type BackoffType = 'fixed' | 'exponential' | 'polynomial' | 'custom'

/**
 * How a computed delay is spread, so that messages that failed together do not come back together:
 * - `full`: anywhere from 0 to the delay. It needed the fewest calls in the comparison that is the source of these three.
 * - `equal`: half of the delay, and anywhere within the other half.
 * - `none`: the delay itself.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export type Jitter = 'full' | 'equal' | 'none'

/** What a custom backoff may use. */
export interface BackoffInfo {
  /** Attempts that have failed and count, so 1 before the first retry. */
  readonly attempt: number
  /** Why the attempt failed, as plain data. */
  readonly error: ErrorData
  /** Milliseconds that were waited before the failed attempt; 0 for the first. Decorrelated jitter needs it. */
  readonly previousDelay: number
  /** From 0 inclusive to 1 exclusive. Use it instead of `Math.random`, so that tests own the randomness. */
  readonly random: () => number
}

/** Options of the delay between attempts. All of them are data, except `compute`. Durations are milliseconds. */
export interface BackoffOptions {
  /**
   * The shape of the curve; `n` is the number of failed attempts: `fixed`: delay; `exponential`: delay × factor^(n − 1);
   * `polynomial`: delay × n^exponent; `custom`: what `compute` says. Default `'exponential'`.
   *
   * @example { type: 'polynomial', delay: 1000 } // 1 s, 4 s, 9 s, 16 s …
   */
  readonly type?: BackoffType
  /** Base delay in ms. Default 1000. Bounds: 0 to 2^31 − 1, and not above `max`. @example { delay: 250 } */
  readonly delay?: number
  /** Growth of `exponential`. Default 2. Bounds: 1 to 1000. @example { delay: 1000, factor: 3 } // 1 s, 3 s, 9 s … */
  readonly factor?: number
  /** Power of `polynomial`. Default 2. Bounds: 0 to 100. @example { type: 'polynomial', exponent: 1 } // linear */
  readonly exponent?: number
  /**
   * The most that the curve may reach, in ms. Default 300,000 (5 minutes), or `delay` where that is longer; for a custom
   * backoff that works 2^31 − 1. Bounds: 0 to 2^31 − 1. What a server asks for by `Retry-After` may exceed it.
   *
   * @example { max: 60_000 }
   */
  readonly max?: number
  /** The spread. Default `'full'`. A custom backoff is not spread: `compute` has `random`. @example { jitter: 'none' } */
  readonly jitter?: Jitter
  /**
   * For `custom`: milliseconds until the next attempt. When it throws, or returns anything but a finite number ≥ 0, the
   * exponential curve of these options is used instead: a slip in a formula must not cost the message.
   *
   * @example { type: 'custom', compute: ({ previousDelay, random }) => 500 + random() * (previousDelay * 3 - 500) }
   */
  readonly compute?: (info: BackoffInfo) => number
}

/** Options with every default filled in. */
export interface Backoff extends Required<Omit<BackoffOptions, 'compute'>>, Pick<BackoffOptions, 'compute'> {
  /** The cap of what `compute` says: `max` where it is given, else 2^31 − 1. */
  readonly computedMax: number
}

/** Whole milliseconds to wait before the next attempt. Never NaN, negative or above 2^31 − 1. */
export function backoffDelay(backoff: Backoff, info: BackoffInfo): number {
  if (backoff.type === 'custom') {
    const ms = computed(backoff, info)
    if (ms !== undefined) return Math.round(Math.min(ms, backoff.computedMax))
  }
  return Math.round(spread(curve(backoff, info.attempt), backoff.jitter, info.random))
}

/** The delay after `attempt` failed attempts before it is spread, capped. */
function curve(backoff: Backoff, attempt: number): number {
  const growth = growthOf(backoff, attempt)
  // 1000 × 2^1999 is Infinity and the cap holds it; but 0 × Infinity would be NaN.
  return backoff.delay === 0 ? 0 : Math.min(backoff.max, backoff.delay * growth)
}

function growthOf({ type, factor, exponent }: Backoff, attempt: number): number {
  switch (type) {
    case 'fixed':
      return 1
    case 'polynomial':
      return attempt ** exponent
    case 'exponential':
    case 'custom': // the fallback of an unusable result
      return factor ** (attempt - 1)
  }
}

function spread(delay: number, jitter: Jitter, random: () => number): number {
  switch (jitter) {
    case 'none':
      return delay
    case 'equal':
      return delay / 2 + (random() * delay) / 2
    case 'full':
      return random() * delay
  }
}

function computed({ compute }: Backoff, info: BackoffInfo): number | undefined {
  try {
    const ms: unknown = compute?.(info)
    return typeof ms === 'number' && Number.isFinite(ms) && ms >= 0 ? ms : undefined
  } catch {
    return undefined
  }
}
