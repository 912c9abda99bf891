import type { ChartState } from '../../../inspect/chart/chart.ts'
import type { StateFigures, Tick } from '../api/live.ts'

/** The leaves of a stored name: parallel regions are joined by `+`. */
export const leavesOf = (name: string): readonly string[] => name.split('+')

/** A state and all that it is in: `a.b.c` → `a.b.c`, `a.b`, `a`, and the machine itself, which has the empty name. */
export function lineage(leaf: string): readonly string[] {
  const parts = leaf.split('.')
  return [...parts.map((_, index) => parts.slice(0, parts.length - index).join('.')), '']
}

/** Every state of the chart that a message with this stored name is in. */
export const statesWithin = (name: string): ReadonlySet<string> => new Set(leavesOf(name).flatMap(lineage))

export type Population = ReadonlyMap<string, StateFigures>

export const NOBODY: StateFigures = Object.freeze({
  count: 0,
  oldestAt: null,
  inPerSecond: 0,
  outPerSecond: 0,
  p50Ms: null,
  p99Ms: null,
  samples: 0,
})

/**
 * Figures of every state of the chart from those of the leaves. What is in a compound state is in one of its states; what is in a
 * parallel one is in all of its regions at once, and counted once.
 */
export function populationOf(root: ChartState, leaves: Tick['states']): Population {
  const all = new Map<string, StateFigures>()
  const visit = (state: ChartState): StateFigures => {
    const below = state.states.map(visit)
    const own = Object.hasOwn(leaves, state.id) ? leaves[state.id] : undefined
    const figures = own ?? (state.kind === 'parallel' ? below.reduce(larger, NOBODY) : below.reduce(together, NOBODY))
    all.set(state.id, figures)
    return figures
  }
  visit(root)
  return all
}

const larger = (a: StateFigures, b: StateFigures): StateFigures => (b.count > a.count ? b : a)

const together = (a: StateFigures, b: StateFigures): StateFigures => ({
  ...NOBODY,
  count: a.count + b.count,
  oldestAt: earliest(a.oldestAt, b.oldestAt),
  inPerSecond: a.inPerSecond + b.inPerSecond,
  outPerSecond: a.outPerSecond + b.outPerSecond,
})

const earliest = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b)
