import type { AnyStateMachine } from 'xstate'
import { isReserved, ROUTE } from '../../engine/registry.ts'
import type { LiveMessage } from '../../engine/snapshot.ts'
import { eventLabel, type Stimulus } from '../../engine/stimulus.ts'
import type { NextEvent } from '../shapes/message.ts'
import { rehearse } from './rehearsal.ts'

type Node = AnyStateMachine['root']

const NOT_HERE = 'not accepted in this state'

/** Timers first, then what runs, then events: those of its state, and those that other states take. */
export function possibilities(message: LiveMessage): NextEvent[] {
  if (message.snapshot.status !== 'active') return []
  const { machine, timers, invocations, state } = message
  const nodes = nodesOf(machine, state)
  const own = new Set(nodes.flatMap(({ ownEvents }) => ownEvents as string[]).filter((type) => !isReserved(type)))
  const other = machine.events.filter((type) => !own.has(type))
  return [
    ...[...timers.values()].map(({ nonce, event, due }) => ({
      ...attempt(message, nodes, event.type, 'timer', { type: 'timer', nonce }),
      ...(due === undefined ? {} : { due }),
    })),
    ...[...invocations.values()].flatMap(({ nonce, id }) => [
      attempt(message, nodes, `xstate.done.actor.${id}`, 'actor', { type: 'done', nonce, output: undefined }),
      attempt(message, nodes, `xstate.error.actor.${id}`, 'actor', { type: 'error', nonce, error: REHEARSED }),
    ]),
    ...[...own].map((type) => attempt(message, nodes, type, 'event', { type: 'event', event: { type } })),
    ...other.map((type): NextEvent => ({ type, kind: 'event', possible: false, blockedBy: NOT_HERE })),
  ]
}

const REHEARSED = new Error('an error, for a rehearsal')

function attempt(
  message: LiveMessage,
  nodes: readonly Node[],
  type: string,
  kind: NextEvent['kind'],
  stimulus: Stimulus,
): NextEvent {
  const facts = { type: eventLabel(message.machine.machine.id, type), kind }
  // Which event it is to be, or where to it leads, is not said.
  if (type.endsWith('*') || type === ROUTE) return { ...facts, possible: true }
  const { changed, to, error } = rehearse(message, stimulus)
  if (changed) return { ...facts, possible: true, target: to }
  // A result is made up here: a machine that cannot take this one may take a real one.
  if (error !== undefined)
    return kind === 'actor' ? { ...facts, possible: true } : { ...facts, possible: false, blockedBy: error }
  const guards = guardsOf(nodes, type)
  if (guards.length > 0) return { ...facts, possible: false, blockedBy: guards.join(', '), guards }
  return { ...facts, possible: nodes.some(({ transitions }) => transitions.has(type)) }
}

/** Why an event that changes nothing is not taken. */
export function refusalOf({ machine, state }: LiveMessage, type: string): Pick<NextEvent, 'blockedBy' | 'guards'> {
  const guards = guardsOf(nodesOf(machine, state), type)
  return guards.length === 0 ? { blockedBy: NOT_HERE } : { blockedBy: guards.join(', '), guards }
}

const nodesOf = (machine: LiveMessage['machine'], state: string): readonly Node[] =>
  // oxlint-disable-next-line no-underscore-dangle -- XState has no public name for them
  machine.template(state)._nodes as readonly Node[]

/** Of all transitions that the event could take from here. */
const guardsOf = (nodes: readonly Node[], type: string): string[] => [
  ...new Set(
    nodes.flatMap(({ transitions }) =>
      [...transitions]
        .filter(([descriptor]) => isFor(descriptor, type))
        .flatMap(([, each]) => each.flatMap(({ guard }) => (guard === undefined ? [] : [guardName(guard)]))),
    ),
  ),
]

/** As XState reads it: `a.*` is for `a`, `a.b` and `a.b.c`, and `*` for all. */
const isFor = (descriptor: string, type: string): boolean =>
  descriptor === type ||
  descriptor === '*' ||
  (descriptor.endsWith('.*') && `${type}.`.startsWith(descriptor.slice(0, -1)))

/** Guards that are made of others (`and`, `or`, `not`) are functions that hold those. */
function guardName(guard: unknown): string {
  if (typeof guard === 'string') return guard
  if (typeof guard === 'function' && 'guards' in guard && Array.isArray(guard.guards)) {
    const names = guard.guards.map(guardName)
    const kind = /not|and|or/i.exec(guard.name)?.[0]?.toLowerCase() ?? 'and'
    return kind === 'not' ? `not ${names[0]}` : names.join(` ${kind} `)
  }
  if (typeof guard === 'object' && guard !== null && 'type' in guard) return String(guard.type)
  return 'a condition without a name'
}
