/**
 * Time and chance come through this port, so that a test can own them.
 * `now` is a reading of the clock of Redis where one is known: no worker's wall clock decides when anything is due.
 */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Uniform in [0, 1). */
  random(): number
  /** Runs `callback` once after `ms`; returns its cancellation. */
  after(ms: number, callback: () => void): () => void
  /** Is told the time of the store with each reply that carries it. */
  sync?(remoteNow: number): void
}

/** Timers of Node count in 32 bits; a longer wait is taken in pieces. */
const LONGEST_TIMEOUT = 2 ** 31 - 1

function after(ms: number, callback: () => void): () => void {
  let timeout: NodeJS.Timeout
  const wait = (left: number): void => {
    const piece = Math.min(left, LONGEST_TIMEOUT)
    timeout = setTimeout(() => (left > piece ? wait(left - piece) : callback()), piece)
  }
  wait(Math.max(0, ms))
  return () => clearTimeout(timeout)
}

/** How far two clocks drift apart at most, per unit of time: NTP slews a clock by no more, and crystals are ten times better. */
const MAX_DRIFT = 5e-4

/** The clock of another machine, followed by a steady local one: a change of the wall clock here does not move it. */
export class SyncedClock implements Clock {
  readonly #steady: () => number
  #offset: number
  #syncedAt: number | undefined

  /** `steady` counts milliseconds and is never set; `wall` is the local date, which is believed until the first reply. */
  constructor(steady = (): number => performance.now(), wall = Date.now) {
    this.#steady = steady
    this.#offset = wall() - steady()
  }

  now(): number {
    const steady = this.#steady()
    return Math.floor(this.#offsetAt(steady) + steady)
  }

  random(): number {
    return Math.random()
  }

  after(ms: number, callback: () => void): () => void {
    return after(ms, callback)
  }

  /**
   * Learns from a reply that carries the remote time. The reply was under way for a while, so each reading is a little in the
   * past: the quickest reply tells best. A later one that is behind moves the estimate by a twentieth only, which ignores a slow
   * network; one that is off by a second or more is a clock that was set.
   */
  sync(remoteNow: number): void {
    const steady = this.#steady()
    const offset = remoteNow - steady
    const estimate = this.#offsetAt(steady)
    const behind = estimate - offset
    this.#offset = this.#syncedAt !== undefined && behind > 0 && behind < 1000 ? estimate - behind / 20 : offset
    this.#syncedAt = steady
  }

  /** Between two readings the local clock may run ahead of the other one: by so much less it is believed, and no timer is early. */
  #offsetAt(steady: number): number {
    return this.#offset - (steady - (this.#syncedAt ?? steady)) * MAX_DRIFT
  }
}
