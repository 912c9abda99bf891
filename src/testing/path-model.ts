import { isDeepStrictEqual } from 'node:util'
import {
  initialTransition,
  transition,
  type ActorLogic,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type Snapshot,
  type StateValue,
} from 'xstate'
import { stateName } from '../engine/state-name.ts'
import { RedriveError } from '../errors.ts'
import type { EventData } from '../message.ts'
import { FAILED } from '../store/store.ts'

/** What a step of a path leads to, by XState alone. */
export interface ModelStep {
  readonly event: EventData
  /** Set when it is a timer that fires: its id, or nothing where it has none. */
  readonly timer?: string
  readonly state: string
  readonly context: Readonly<Record<string, unknown>>
  readonly status: AnyMachineSnapshot['status']
  readonly output: unknown
  /** A timer of no delay is due at once, so nobody can see the state before the step after it. */
  readonly passing: boolean
}

interface Timer {
  readonly id: string
  readonly event: EventData
  readonly due: number
}

/** A machine in time: a graph of states knows of none, and would let the later of two timers fire first. */
export interface Timed {
  readonly status: AnyMachineSnapshot['status']
  readonly output: unknown
  readonly error: unknown
  readonly snapshot: AnyMachineSnapshot
  /** In the order in which they are due; of several, the one that was set first. */
  readonly timers: readonly Timer[]
  readonly now: number
}

type Result = readonly [AnyMachineSnapshot, ReturnType<typeof transition>[1]]

function begin(machine: AnyStateMachine, input: unknown): Timed {
  return timed(initialTransition(machine, input) as Result, [], 0)
}

/** `undefined` when it cannot happen: another timer is due before it. */
function take(machine: AnyStateMachine, before: Timed, event: AnyEventObject): Timed | undefined {
  const { snapshot, timers, now } = before
  const fires = isNext(before, event)
  if (!fires && (isPassing(before) || event.type.startsWith('xstate.after.'))) return undefined
  const result = transition(machine, snapshot, event as never) as Result
  return timed(result, fires ? timers.slice(1) : timers, fires ? Math.max(now, timers[0]!.due) : now)
}

const isNext = ({ timers: [first] }: Timed, event: AnyEventObject): boolean =>
  first !== undefined && isDeepStrictEqual(first.event, event)

export const isPassing = ({ status, timers: [first], now }: Timed): boolean =>
  status === 'active' && first !== undefined && first.due <= now

/** The machine with its time, as XState's graph can walk it. */
export function timedLogic(machine: AnyStateMachine): ActorLogic<Snapshot<unknown> & Timed, AnyEventObject> {
  return {
    getInitialSnapshot: (_, input) => begin(machine, input) as Snapshot<unknown> & Timed,
    // The graph offers what can happen; that it is taken to be nothing else is for the types.
    transition: (state, event) => (take(machine, state, event) ?? state) as Snapshot<unknown> & Timed,
    getPersistedSnapshot: () => {
      throw new RedriveError('E_EXPECTATION', 'a model is not stored.')
    },
  }
}

/** The steps of a path; `undefined` for one that cannot happen. */
export function modelOf(
  machine: AnyStateMachine,
  input: unknown,
  path: readonly AnyEventObject[],
): ModelStep[] | undefined {
  let state = begin(machine, input)
  const steps = [stepOf({ type: 'init' }, state)]
  for (const event of path) {
    const timer = isNext(state, event) ? { timer: state.timers[0]!.id } : {}
    const next = take(machine, state, event)
    if (!next) return undefined
    state = next
    steps.push({ ...stepOf(event, state), ...timer })
  }
  return isPassing(state) ? undefined : steps
}

function stepOf(event: EventData, state: Timed): ModelStep {
  const { snapshot } = state
  const { status } = snapshot
  return {
    event,
    state: status === 'error' ? FAILED : stateName(snapshot.value as StateValue),
    context: snapshot.context as Record<string, unknown>,
    status,
    output: snapshot.output as unknown,
    passing: isPassing(state),
  }
}

function timed([snapshot, actions]: Result, before: readonly Timer[], now: number): Timed {
  let timers = [...before]
  for (const { type, params } of actions as readonly { type: string; params?: unknown }[]) {
    const { id, sendId, delay, event } = (params ?? {}) as Partial<Record<string, unknown>>
    if (type === 'xstate.cancel') timers = timers.filter((timer) => timer.id !== sendId)
    if (type === 'xstate.raise' && typeof delay === 'number')
      timers.push({ id: typeof id === 'string' ? id : '', event: event as EventData, due: now + delay })
  }
  const { status } = snapshot
  const output: unknown = snapshot.output
  const error: unknown = snapshot.error
  return { status, output, error, snapshot, timers: timers.toSorted((a, b) => a.due - b.due), now }
}
