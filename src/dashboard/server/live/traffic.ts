import type { Transition } from '../../../message.ts'
import type { EdgeRate, Totals } from '../../shapes/live.ts'
import { createRates } from './rates.ts'
import { createStays, type Stays } from './stays.ts'
import { leavesOf } from './state-parts.ts'
import type { EdgeKey, FindEdges } from './edges.ts'
import { createFlow, type Flow } from './flow.ts'

/** What is made of the transitions of a queue: rates, stays and a sample, never the transitions themselves. */
export interface Traffic {
  see(transition: Transition): void
  readonly stays: Stays
  readonly flow: Flow
  /** A second, over the last five. */
  edges(): EdgeRate[]
  /** Arrivals and departures a second, by leaf. */
  leaves(): { readonly arrivals: ReadonlyMap<string, number>; readonly departures: ReadonlyMap<string, number> }
  totals(): Totals
  /** Since the last call. */
  sinceLast(): Counts
  /** Workers that took a step within the last while, by name. */
  workers(now: number): number
}

export type Counts = Pick<Totals, 'transitions' | 'succeeded' | 'dead'>

const TAGS = ['succeeded', 'dead', 'retrying'] as const
/** Milliseconds after which a worker that takes no step is not counted any more. */
const WORKER_SEEN = 15_000
const WORKERS = 10_000

export function createTraffic(findEdges: FindEdges, now?: () => number): Traffic {
  const [arrivals, departures, edges, totals] = [createRates(now), createRates(now), createRates(now), createRates(now)]
  const stays = createStays()
  const flow = createFlow()
  const workers = new Map<string, number>()
  let counts = { transitions: 0, succeeded: 0, dead: 0 }

  function move({ id, from, to, event, at, status }: Transition): void {
    const [before, after] = [from === null ? [] : leavesOf(from), leavesOf(to)]
    // Back to the same state is a stay of its own, and so an arrival and a departure.
    const same = from === to
    for (const leaf of before)
      if (same || !after.includes(leaf)) {
        departures.count(leaf)
        stays.leave(id, leaf, at)
      }
    for (const leaf of after)
      if (same || !before.includes(leaf)) {
        arrivals.count(leaf)
        stays.enter(id, leaf, at)
      }
    if (status !== 'active') stays.forget(id)
    if (from !== null) for (const edge of findEdges(from, to, event)) edges.count(edge)
    flow.add({ id, from, to, event, at })
  }

  return {
    stays,
    flow,
    see(transition) {
      move(transition)
      totals.count('transitions')
      counts.transitions++
      for (const tag of TAGS) {
        if (!transition.tags.includes(tag)) continue
        totals.count(tag)
        if (tag !== 'retrying') counts[tag]++
      }
      const { worker, at } = transition
      if (!worker.startsWith('client-') && (workers.size < WORKERS || workers.has(worker))) workers.set(worker, at)
    },
    edges: () => [...edges.perSecond()].map(([key, perSecond]) => ({ ...(JSON.parse(key) as EdgeKey), perSecond })),
    leaves: () => ({ arrivals: arrivals.perSecond(), departures: departures.perSecond() }),
    totals() {
      const rates = totals.perSecond()
      const rate = (name: keyof Totals): number => rates.get(name) ?? 0
      return {
        transitions: rate('transitions'),
        succeeded: rate('succeeded'),
        dead: rate('dead'),
        retrying: rate('retrying'),
      }
    },
    sinceLast() {
      const last = counts
      counts = { transitions: 0, succeeded: 0, dead: 0 }
      return last
    },
    workers(at) {
      for (const [name, seen] of workers) if (at - seen > WORKER_SEEN) workers.delete(name)
      return workers.size
    },
  }
}
