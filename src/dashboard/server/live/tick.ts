import { FAILED, QUARANTINED } from '../../../store/store.ts'
import type { StateSurvey, Survey } from '../../../store/lookout.ts'
import type { DurableMachine } from '../../../engine/registry.ts'
import { leavesOf } from './state-parts.ts'
import type { StateFigures } from '../../shapes/live.ts'
import type { Traffic } from './traffic.ts'

/** All partitions as one. */
export function mergeSurveys(surveys: readonly Survey[]): Survey {
  const states = new Map<string, StateSurvey>()
  for (const survey of surveys)
    for (const [state, one] of survey.states) {
      const other = states.get(state)
      states.set(state, other ? together(one, other) : one)
    }
  return { now: Math.max(0, ...surveys.map(({ now }) => now)), states }
}

function together(one: StateSurvey, other: StateSurvey): StateSurvey {
  return {
    count: one.count + other.count,
    due: one.due + other.due,
    next: least(one.next, other.next),
    headEnteredAt: least(one.headEnteredAt, other.headEnteredAt),
  }
}

const least = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.min(a, b))

/** By leaf; a leaf of several stored states has all their messages. */
export function stateTicks({ states, now }: Survey, traffic: Traffic): Record<string, StateFigures> {
  const ticks: Record<string, StateFigures> = {}
  const { arrivals, departures } = traffic.leaves()
  for (const [state, { count, headEnteredAt }] of states)
    for (const leaf of leavesOf(state)) {
      const before = Object.hasOwn(ticks, leaf) ? ticks[leaf] : undefined
      ticks[leaf] = {
        count: count + (before?.count ?? 0),
        // One that came in while the server was asked is not older than nothing.
        oldestAt: least(headEnteredAt && Math.min(headEnteredAt, now), before?.oldestAt ?? null),
        inPerSecond: arrivals.get(leaf) ?? 0,
        outPerSecond: departures.get(leaf) ?? 0,
        ...traffic.stays.of(leaf, now),
      }
    }
  return ticks
}

/** How long the message that has waited longest for a worker has waited; 0 when none does. */
export function lagOf({ states, now }: Survey): number {
  const dues = [...states.values()].flatMap(({ next }) => (next === null ? [] : [next]))
  return Math.max(0, now - Math.min(now, ...dues))
}

/** Where messages rest for good; where the machine is not known, the names of the default machine tell. */
export function isSettled(state: string, machine: DurableMachine | undefined): boolean {
  if (state === FAILED) return true
  if (state === QUARANTINED) return false
  if (!machine) return ['succeeded', 'cancelled', 'dead'].includes(state)
  try {
    const snapshot = machine.template(state)
    return snapshot.status !== 'active' || snapshot.hasTag('settled')
  } catch {
    return false
  }
}

/** How many messages are on their way. */
export function liveCount({ states }: Survey, machine: DurableMachine | undefined): number {
  return [...states].reduce((sum, [state, { count }]) => sum + (isSettled(state, machine) ? 0 : count), 0)
}

/** Messages in states that run something, without those that still wait for a worker. */
export function activeCount({ states }: Survey, machine: DurableMachine | undefined): number {
  if (!machine) return 0
  const runs = (state: string): boolean => {
    try {
      // oxlint-disable-next-line no-underscore-dangle -- XState has no public name for them
      return machine.template(state)._nodes.some(({ invoke }) => invoke.length > 0)
    } catch {
      return false
    }
  }
  return [...states].reduce((sum, [state, { count, due }]) => sum + (count > due && runs(state) ? count - due : 0), 0)
}
