import type { AnyActorRef, AnyMachineSnapshot } from 'xstate'
import { RedriveError } from '../errors.ts'
import { show } from '../options.ts'
import type { ClaimedMessage } from '../store/store.ts'
import type { Effect } from './effects.ts'
import type { AnyStateNode } from './nodes.ts'
import { childStub, hearsOf, type DurableMachine } from './registry.ts'
import type { ActorSystem } from './actor-system.ts'
import { readActors, writeActors, type StoredActors } from './actor-tree.ts'
import { invocationPath, timerAddress, type Path } from './address.ts'
import { stateName, stateValue } from './state-name.ts'
import { FIELD, restore, restoreAnywhere, type LiveMessage } from './snapshot.ts'
import type { Stimulus } from './stimulus.ts'
import { parseRef, type MigratedSnapshot, type Migrate, type MigrationTarget } from './versions.ts'

/** A message in another version of its machine, and the step that writes it down there. */
export interface Moved {
  readonly message: LiveMessage
  readonly step: Stimulus
}

/**
 * Moves a message to another version of its machine. Without `migrate` it moves as it is, if its state, timers and invocations all
 * exist there. With it, it goes to the state and context that `migrate` says: timers and invocations that this state has too stay
 * as they are, the others end, and what is missing begins with the move. Entry and exit actions are not run.
 * @throws when something of it does not exist there; nothing has been written then.
 */
export function move(machine: DurableMachine, stored: ClaimedMessage, migrate: Migrate | undefined): Moved {
  if (!migrate) return moveAsItIs(machine, stored)
  const message = restoreAnywhere(machine, stored)
  const { id, version, fingerprint } = machine
  const { state } = stored
  const before = { state, value: stateValue(state), context: message.snapshot.context as Record<string, unknown> }
  const after = destination(
    before,
    migrate(before, parseRef(stored.fields[FIELD.machine] ?? ''), { id, version, fingerprint }),
  )
  const resting = { ...(machine.template(after.state) as object), context: after.context } as AnyMachineSnapshot
  const wanted = wantedBy(machine, resting)
  const children: Record<string, AnyActorRef> = machine.system
    ? keptActors(machine, machine.system, message, after, wanted)
    : Object.fromEntries(wanted.invocations.map(({ id, src }) => [id, childStub(id, src)]))
  const snapshot = { ...(resting as object), children } as AnyMachineSnapshot
  return { message, step: { type: 'moved', label: 'migrate', snapshot, effects: difference(message, wanted) } }
}

/** By the name or by the value, whichever is not as it was given. @throws RedriveError `E_STEP_FAILED` when that says nothing, or two things */
function destination(
  before: MigratedSnapshot,
  after: MigrationTarget,
): { state: string; context: MigratedSnapshot['context'] } {
  // Written by its user, maybe without types.
  const given: Partial<MigrationTarget> | undefined = typeof after === 'object' && after !== null ? after : undefined
  if (typeof given?.context !== 'object' || given.context === null)
    throw failure(`migrate returned ${show(after)}: return { state, context }, or { value, context }`)
  const { state = before.state, value = before.value, context } = given
  const named = stateName(value)
  if (named === before.state) return { state, context }
  if (state !== before.state && state !== named)
    throw failure(`migrate returned the state "${state}" and the value of "${named}": change one of them`)
  return { state: named, context }
}

const failure = (message: string): RedriveError => new RedriveError('E_STEP_FAILED', `${message}.`)

function moveAsItIs(machine: DurableMachine, stored: ClaimedMessage): Moved {
  const message = restore(machine, stored)
  for (const { id, event } of message.timers.values()) {
    if (hearsOf(machine, event.type)) continue
    throw new RedriveError('E_UNKNOWN_MACHINE', `no state of ${machine.ref} waits for its timer "${id}".`)
  }
  return { message, step: { type: 'moved', label: 'migrate', snapshot: message.snapshot, effects: [] } }
}

/**
 * The actors of a message that holds several, in the state to which it is moved. Those that this state has too stay as they are; one that
 * is a machine cannot begin with a move, because its first step would be taken by nobody.
 */
function keptActors(
  { sources, ref }: DurableMachine,
  system: ActorSystem,
  { fields, snapshot }: LiveMessage,
  { state, context }: Pick<MigratedSnapshot, 'state' | 'context'>,
  { invocations }: Wanted,
): Record<string, AnyActorRef> {
  const stored = fields[FIELD.actors]
  const all = stored === undefined ? {} : readActors(stored)
  const kept = Object.entries(all).filter(([id, { src }]) =>
    invocations.some((wanted) => wanted.id === id && wanted.src === src),
  )
  const begun = invocations.filter(({ id }) => !kept.some(([keptId]) => keptId === id))
  for (const { id, src } of begun) {
    if (!sources.includes(src))
      throw new RedriveError(
        'E_UNKNOWN_MACHINE',
        `"${state}" of ${ref} invokes the machine "${id}", which a move cannot begin: move the message to the state before it.`,
      )
  }
  const fresh = begun.map(({ id, src }) => [id, { src, snapshot: { status: 'active' } }] as const)
  const actors: StoredActors = { ...Object.fromEntries(kept), ...Object.fromEntries(fresh) }
  const root = { status: snapshot.status as string, value: stateValue(state), context, historyValue: {} }
  return system.revive({ ...root, actors: writeActors(actors) }).children as Record<string, AnyActorRef>
}

interface Wanted {
  readonly timers: readonly Extract<Effect, { type: 'timer.set' }>[]
  readonly invocations: readonly Extract<Effect, { type: 'invoke' }>[]
}

/** What the states of a snapshot wait for. */
function wantedBy({ machine }: DurableMachine, snapshot: AnyMachineSnapshot): Wanted {
  const args = { context: snapshot.context as unknown, event: { type: 'redrive.migrate' } }
  const value = (given: unknown): unknown =>
    typeof given === 'function' ? (given as (args: object) => unknown)(args) : given
  const delays = machine.implementations.delays as Readonly<Record<string, unknown>>
  // oxlint-disable-next-line no-underscore-dangle -- XState's only list of the states that a snapshot is in
  const nodes: readonly AnyStateNode[] = snapshot._nodes
  return {
    timers: nodes.flatMap((node) =>
      (node.after as readonly { delay: unknown; eventType: string }[]).map(({ delay, eventType }) => {
        const ms = typeof delay === 'string' && delay in delays ? value(delays[delay]) : value(delay)
        return { type: 'timer.set', id: eventType, event: { type: eventType }, delay: Number(ms) } as const
      }),
    ),
    invocations: nodes.flatMap((node) =>
      node.invoke.map((invoke) => {
        const { id, src, input } = invoke as { id: string; src: string; input?: unknown }
        return { type: 'invoke', id, src, input: value(input) } satisfies Effect
      }),
    ),
  }
}

/** What is to be done to what a message has, so that it has what is wanted. */
function difference({ timers, invocations, machine }: LiveMessage, wanted: Wanted): Effect[] {
  const runByWorker = (src: string): boolean => machine.sources.includes(src)
  const keeps = (id: string, src: string): boolean => invocations.get(id)?.src === src
  return [
    ...[...timers.keys()]
      .filter((id) => !wanted.timers.some((timer) => timer.id === id) && !isBelow(timerAddress(id).source, wanted))
      .map((id) => ({ type: 'timer.cancel', id }) as const),
    ...[...invocations.values()]
      .filter(
        ({ id, src }) =>
          !wanted.invocations.some((invocation) => invocation.id === id && invocation.src === src) &&
          !isBelow(invocationPath(id).slice(0, -1), wanted),
      )
      .map(({ id }) => ({ type: 'stop', id }) as const),
    ...wanted.timers.filter(({ id }) => !timers.has(id!)),
    ...wanted.invocations.filter(({ id, src }) => runByWorker(src) && !keeps(id, src)),
  ]
}

/** Whether an actor lives below one that stays. */
const isBelow = ([child]: Path, { invocations }: Wanted): boolean => invocations.some(({ id }) => id === child)
