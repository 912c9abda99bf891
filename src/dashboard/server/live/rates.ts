/** Counts of things by name over the last few whole seconds. */
export interface Rates {
  count(name: string, by?: number): void
  /** A second, by name; those that did not happen are not there. */
  perSecond(): ReadonlyMap<string, number>
}

/** Seconds over which a rate is taken. */
const WINDOW = 5
/** Names counted within a second; beyond, more of them would say nothing to anybody. */
const NAMES = 2000

export function createRates(now = (): number => performance.now()): Rates {
  const begun = now()
  const buckets = new Map<number, Map<string, number>>()
  const second = (): number => Math.floor((now() - begun) / 1000)

  function forgetBefore(oldest: number): void {
    for (const at of buckets.keys()) if (at < oldest) buckets.delete(at)
  }

  return {
    count(name, by = 1) {
      const at = second()
      let bucket = buckets.get(at)
      if (!bucket) {
        forgetBefore(at - WINDOW)
        bucket = new Map<string, number>()
        buckets.set(at, bucket)
      }
      if (bucket.size < NAMES || bucket.has(name)) bucket.set(name, (bucket.get(name) ?? 0) + by)
    },
    perSecond() {
      const at = second()
      forgetBefore(at - WINDOW)
      // Only whole seconds: one that is not over would pull every rate down. At first there is nothing else.
      const seconds = Math.min(WINDOW, Math.max(1, at))
      const sums = new Map<string, number>()
      for (const [when, bucket] of buckets) {
        if (when === at && at > 0) continue
        for (const [name, count] of bucket) sums.set(name, (sums.get(name) ?? 0) + count)
      }
      return new Map([...sums].map(([name, sum]) => [name, Math.round((sum / seconds) * 100) / 100]))
    },
  }
}
