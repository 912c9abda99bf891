import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import { getShortestPaths, getSimplePaths } from 'xstate/graph'
import { encode } from '../codec.ts'
import { actorLogic, kindOf } from '../engine/logic.ts'
import { acceptsEvent, registerMachine } from '../engine/registry.ts'
import { RedriveError } from '../errors.ts'
import type { EventData } from '../message.ts'
import { show, toInteger, toOptions } from '../options.ts'
import { isPassing, timedLogic, type Timed } from './path-model.ts'
import type { Outcome } from './playthrough.ts'

export interface MachinePathsOptions {
  /** Input of the machine. */
  readonly input?: unknown
  /** Events that may be sent to it, as types or whole. Default: each type that it knows, without any data. */
  readonly events?: readonly (string | EventData)[]
  /**
   * How what it invokes may end, by its id or its source. Default: without an output; and with an error, where a transition waits for
   * one.
   */
  readonly outcomes?: Readonly<Record<string, readonly Outcome[]>>
  /** `'shortest'` (default): one path to each state. `'simple'`: every path that comes to no state twice; there are many. */
  readonly paths?: 'shortest' | 'simple'
  /** What makes two states the same one. Default: state and context. Leave out of the context what counts up without a bound. */
  readonly serializeState?: (snapshot: AnyMachineSnapshot) => string
  /** Goes no further from here, though there may be more. Default: never. */
  readonly stopWhen?: (snapshot: AnyMachineSnapshot) => boolean
  /** States to look at before it is given up as endless. Default 2000. */
  readonly limit?: number
}

const NAMES = {
  input: true,
  events: true,
  outcomes: true,
  paths: true,
  serializeState: true,
  stopWhen: true,
  limit: true,
} as const

/** Events from the initial state on, as XState's graph of the machine has them. */
export type EventPath = readonly AnyEventObject[]

/** @throws RedriveError `E_INVALID_OPTION` when there is no end to the states, `E_INVALID_MACHINE` */
export function eventPaths(machine: AnyStateMachine, options: MachinePathsOptions): EventPath[] {
  const { input, limit = 2000, serializeState } = toOptions(options, 'machinePaths()', NAMES)
  const own = ownEvents(machine, options)
  const walk = { shortest: getShortestPaths, simple: getSimplePaths }[options.paths ?? 'shortest']
  try {
    const paths = walk(timedLogic(machine), {
      input,
      limit: toInteger(limit, 'limit', { min: 1 }),
      serializeState: serializeState ? ({ snapshot }) => serializeState(snapshot) : identityOf,
      events: (state) => possible(state, own, options),
    })
    return withoutPrefixes(
      paths.map(({ steps }) => steps.map(({ event }) => event).filter(({ type }) => type !== INIT)),
    )
  } catch (cause) {
    if (!(cause instanceof Error) || !cause.message.includes('limit')) throw cause
    throw new RedriveError(
      'E_INVALID_OPTION',
      `${machine.id} has more than ${limit} states with these events. Let serializeState leave out what counts up, stop with stopWhen, or raise limit.`,
      { path: 'limit', cause },
    )
  }
}

const INIT = 'xstate.init'

/** Two states in which other timers come next are not the same. */
const identityOf = ({ snapshot: { value, context }, timers }: Timed): string =>
  JSON.stringify([value, timers.map(({ id, event }) => [id, event.type])]) + encode(context, 'context')

/** What can happen next: where a timer is due, only that. */
function possible(
  state: Timed,
  own: readonly AnyEventObject[],
  options: MachinePathsOptions,
): readonly AnyEventObject[] {
  if (state.status !== 'active' || options.stopWhen?.(state.snapshot)) return []
  const timer = state.timers.slice(0, 1).map(({ event }) => event)
  return isPassing(state) ? timer : [...own, ...timer, ...endsOf(state.snapshot, options)]
}

function ownEvents(machine: AnyStateMachine, { events }: MachinePathsOptions): AnyEventObject[] {
  const durable = registerMachine(machine)
  const given = events ?? durable.events.filter((type) => !type.includes('*'))
  return given.map((event) => {
    const whole = typeof event === 'string' ? { type: event } : event
    if (acceptsEvent(durable, whole.type)) return whole
    throw new RedriveError(
      'E_UNKNOWN_EVENT',
      `${machine.id} takes no ${show(whole.type)}. It takes: ${durable.events.join(', ')}.`,
    )
  })
}

/** The ends of what a machine has invoked and workers run. */
function endsOf(snapshot: AnyMachineSnapshot, options: MachinePathsOptions): AnyEventObject[] {
  // oxlint-disable-next-line no-underscore-dangle -- XState has no public name for them
  const invoked = snapshot._nodes.flatMap(({ invoke }) =>
    invoke.map(({ id, src }) => ({ id, src: typeof src === 'string' ? src : id })),
  )
  return invoked.filter(({ src }) => isRun(snapshot, src)).flatMap(({ id, src }) => endings(snapshot, id, src, options))
}

/** A machine that is invoked comes to its own end. */
function isRun({ machine }: AnyMachineSnapshot, src: string): boolean {
  const logic = actorLogic(machine as AnyStateMachine, src)
  return logic === undefined || kindOf(logic) === 'promise'
}

function endings(
  snapshot: AnyMachineSnapshot,
  id: string,
  src: string,
  { outcomes = {} }: MachinePathsOptions,
): AnyEventObject[] {
  const given = outcomes[id] ?? outcomes[src]
  if (given) return given.map((outcome) => endingOf(id, outcome))
  const failed = endingOf(id, { error: new Error(`${id} failed`) })
  return [endingOf(id, { output: undefined }), ...(snapshot.can(failed) ? [failed] : [])]
}

const endingOf = (id: string, outcome: Outcome): AnyEventObject =>
  'output' in outcome
    ? { type: `xstate.done.actor.${id}`, output: outcome.output, actorId: id }
    : { type: `xstate.error.actor.${id}`, error: outcome.error, actorId: id }

/** A path that another one begins with is walked with that. */
function withoutPrefixes(paths: readonly EventPath[]): EventPath[] {
  const keys = paths.map((path) => prefixesOf(path))
  const begun = new Set(keys.flatMap((prefixes) => prefixes.slice(0, -1)))
  return paths.filter((_, i) => !begun.has(keys[i]!.at(-1)!))
}

function prefixesOf(path: EventPath): string[] {
  let key = ''
  return ['', ...path.map((event) => (key += `${encode(event, 'event')}\n`))]
}
