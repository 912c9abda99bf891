import type { SimulatedClock } from 'xstate'

interface Timeout {
  readonly due: number
  readonly run: () => void
}

/**
 * A simulated clock that fires one timer at a time: the earliest, of equal ones the one that was set first, as XState's own does. That
 * one fires all that is due in one go, and would never return from a machine that keeps setting timers of no delay.
 */
export class SteppedClock implements Pick<SimulatedClock, 'now' | 'setTimeout' | 'clearTimeout'> {
  readonly #timeouts = new Map<number, Timeout>()
  #now = 0
  #count = 0

  now(): number {
    return this.#now
  }

  /** Moves the time on, and fires nothing. */
  set(time: number): void {
    this.#now = time
  }

  setTimeout(run: () => void, delay: number): number {
    // Redrive's timers are of whole milliseconds, and never before their time.
    this.#timeouts.set(this.#count, { due: this.#now + Math.max(0, Math.round(delay)), run })
    return this.#count++
  }

  clearTimeout(id: number): void {
    this.#timeouts.delete(id)
  }

  /** Fires the first timer that is due; whether there was one. */
  fire(): boolean {
    const [first] = [...this.#timeouts]
      .filter(([, { due }]) => due <= this.#now)
      .toSorted(([, a], [, b]) => a.due - b.due)
    if (!first) return false
    this.#timeouts.delete(first[0])
    first[1].run()
    return true
  }
}
