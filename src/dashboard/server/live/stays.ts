/** How long messages stayed in a state before they left it. */
export interface Stays {
  enter(id: string, leaf: string, at: number): void
  leave(id: string, leaf: string, at: number): void
  /** Nothing more is heard of this message. */
  forget(id: string): void
  of(
    leaf: string,
    now: number,
  ): { readonly p50Ms: number | null; readonly p99Ms: number | null; readonly samples: number }
}

/** Messages whose entry is remembered. */
const REMEMBERED = 50_000
/** Stays kept for each state, the newest ones. */
const SAMPLES = 512
/** Milliseconds after which a stay says nothing about now. */
const MAX_AGE = 300_000

interface Ring {
  readonly samples: { readonly at: number; readonly ms: number }[]
  next: number
}

export function createStays(): Stays {
  const entered = new Map<string, Map<string, number>>()
  const rings = new Map<string, Ring>()

  function record(leaf: string, at: number, ms: number): void {
    const ring = rings.get(leaf) ?? { samples: [], next: 0 }
    rings.set(leaf, ring)
    ring.samples[ring.next] = { at, ms }
    ring.next = (ring.next + 1) % SAMPLES
  }

  return {
    enter(id, leaf, at) {
      const leaves = entered.get(id) ?? new Map<string, number>()
      leaves.set(leaf, at)
      entered.set(id, leaves)
      if (entered.size > REMEMBERED) entered.delete(entered.keys().next().value ?? '')
    },
    leave(id, leaf, at) {
      const leaves = entered.get(id)
      const since = leaves?.get(leaf)
      if (!leaves || since === undefined) return
      leaves.delete(leaf)
      if (leaves.size === 0) entered.delete(id)
      record(leaf, at, Math.max(0, at - since))
    },
    forget: (id) => void entered.delete(id),
    of(leaf, now) {
      const fresh = (rings.get(leaf)?.samples ?? []).filter(({ at }) => now - at < MAX_AGE).map(({ ms }) => ms)
      const sorted = fresh.toSorted((a, b) => a - b)
      const quantile = (q: number): number | null =>
        sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? null
      return { p50Ms: quantile(0.5), p99Ms: quantile(0.99), samples: sorted.length }
    },
  }
}
