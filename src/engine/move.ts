import type { AnyActorRef, AnyMachineSnapshot } from 'xstate'
import { nearest, RedriveError } from '../errors.ts'
import { show } from '../options.ts'
import type { ClaimedMessage } from '../store/store.ts'
import { carry, carryEffects, pendingTimers, slotsOf, type PendingTimer, type TimerSlot } from './carry-timers.ts'
import type { Effect } from './effects.ts'
import type { AnyStateNode } from './nodes.ts'
import { childStub, hearsOf, type DurableMachine } from './registry.ts'
import type { ActorSystem } from './actor-system.ts'
import { readActors, writeActors, type StoredActors } from './actor-tree.ts'
import { invocationPath, type Path } from './address.ts'
import { stateName, stateValue } from './state-name.ts'
import { FIELD, restore, restoreAnywhere, type LiveMessage } from './snapshot.ts'
import type { Stimulus } from './stimulus.ts'
import { planTimers } from './timer-fate.ts'
import { parseRef, type MigratedSnapshot, type Migrate, type MigrationTarget } from './versions.ts'

/** A message in another version of its machine, and the step that writes it down there. */
export interface Moved {
  readonly message: LiveMessage
  readonly step: Stimulus
}

/**
 * Moves a message to another version of its machine. Without `migrate` it moves as it is, if its state, timers and invocations all
 * exist there; a timer whose delay has another number keeps its due time. With `migrate` it goes to the state and context that this says:
 * timers of the same name keep their due times, invocations that this state has too stay as they are, the others end, and what is missing
 * begins with the move. Entry and exit actions are not run.
 * @throws when something of it does not exist there; nothing has been written then.
 */
export function move(machine: DurableMachine, stored: ClaimedMessage, migrate: Migrate | undefined): Moved {
  if (!migrate) return moveAsItIs(machine, stored)
  const message = restoreAnywhere(machine, stored)
  const { id, version, fingerprint } = machine
  const { state } = stored
  const from = parseRef(stored.fields[FIELD.machine] ?? '')
  const pending = pendingTimers(machine, message.timers, from.id)
  const context = message.snapshot.context as Record<string, unknown>
  const before = { state, value: stateValue(state), context, timers: duesOf(pending) }
  const after = destination(before, migrate(before, from, { id, version, fingerprint }))
  const resting = { ...(machine.template(after.state) as object), context: after.context } as AnyMachineSnapshot
  const wanted = wantedBy(machine, resting)
  const children: Record<string, AnyActorRef> = machine.system
    ? keptActors(machine, machine.system, message, after, wanted)
    : Object.fromEntries(wanted.invocations.map(({ id, src }) => [id, childStub(id, src)]))
  const snapshot = { ...(resting as object), children } as AnyMachineSnapshot
  const effects = [...timerChanges(machine, pending, snapshot, wanted, after.timers), ...difference(message, wanted)]
  return { message, step: { type: 'moved', label: 'migrate', snapshot, effects } }
}

/** Due times by the names of the timers; of several of one name, by their ids. */
function duesOf(pending: readonly PendingTimer[]): Record<string, number> {
  const alone = ({ name }: PendingTimer): boolean => pending.filter((each) => each.name === name).length === 1
  return Object.fromEntries(
    pending.map((each): [string, number] => [alone(each) ? each.name : each.key, each.timer.due ?? 0]),
  )
}

/** By the name or by the value, whichever is not as it was given. @throws RedriveError `E_STEP_FAILED` when that says nothing, or two things */
function destination(
  before: MigratedSnapshot,
  after: MigrationTarget,
): { state: string; context: MigratedSnapshot['context']; timers: MigrationTarget['timers'] } {
  // Written by its user, maybe without types.
  const given: Partial<MigrationTarget> | undefined = typeof after === 'object' && after !== null ? after : undefined
  if (typeof given?.context !== 'object' || given.context === null)
    throw failure(`migrate returned ${show(after)}: return { state, context }, or { value, context }`)
  for (const name of Object.keys(given)) {
    const near = MEMBERS.includes(name) ? undefined : nearest(name, MEMBERS)
    if (near !== undefined) throw failure(`migrate returned "${name}". Did you mean "${near}"?`)
  }
  const { state = before.state, value = before.value, context } = given
  // Handed through with the rest of what was given, they say nothing.
  const timers = given.timers === before.timers ? undefined : given.timers
  const named = stateName(value)
  if (named === before.state) return { state, context, timers }
  if (state !== before.state && state !== named)
    throw failure(`migrate returned the state "${state}" and the value of "${named}": change one of them`)
  return { state: named, context, timers }
}

const MEMBERS = ['state', 'value', 'context', 'timers']

const failure = (message: string): RedriveError =>
  new RedriveError('E_STEP_FAILED', message.endsWith('?') ? message : `${message}.`)

function moveAsItIs(machine: DurableMachine, stored: ClaimedMessage): Moved {
  const message = restore(machine, stored)
  const { id } = parseRef(stored.fields[FIELD.machine] ?? '')
  const effects = sameTimers(machine, pendingTimers(machine, message.timers, id), slotsOf(message.snapshot))
  return { message, step: { type: 'moved', label: 'migrate', snapshot: message.snapshot, effects } }
}

/** Each timer as the one that the new version has in its place. @throws RedriveError `E_UNKNOWN_MACHINE` with the fix, where none is, or two may be. */
function sameTimers(machine: DurableMachine, pending: readonly PendingTimer[], slots: readonly TimerSlot[]): Effect[] {
  const carried = carry(pending, slots, false)
  for (const timer of pending) {
    if (carried.has(timer) || hearsOf(machine, timer.timer.event.type)) continue
    const there = slots.filter((slot) => slot.node === timer.node && ![...carried.values()].includes(slot))
    const fits =
      there.length === 0 ? 'has no delay in its place' : `may have it as ${there.map(({ name }) => name).join(' or ')}`
    const fix =
      there.length === 0
        ? 'say in migrate what becomes of it'
        : 'give each delay a name, by setup({ delays }), or say in migrate what becomes of it (timers)'
    throw new RedriveError(
      'E_UNKNOWN_MACHINE',
      `no state of ${machine.ref} waits for its timer "${timer.timer.id}": "${timer.place}" ${fits}; ${fix}.`,
    )
  }
  return carryEffects(carried, new Map())
}

/** What becomes of the timers of a message that `migrate` has moved. Those of actors that stay go on as in a move as it is. */
function timerChanges(
  machine: DurableMachine,
  pending: readonly PendingTimer[],
  snapshot: AnyMachineSnapshot,
  wanted: Wanted,
  given: unknown,
): Effect[] {
  const below = pending.filter(({ path }) => isBelow(path, wanted))
  const own = pending.filter((timer) => !below.includes(timer))
  const slots = slotsOf(snapshot)
  const ownSlots = slots.filter(({ path }) => path.length === 0)
  const { carried, dues, kept } = planTimers(own, ownSlots, given, ({ timer }) => hearsOf(machine, timer.event.type))
  const taken = new Set([...carried.values()].map(({ id }) => id))
  return [
    ...own
      .filter((timer) => !carried.has(timer) && !kept.has(timer))
      .map(({ key }) => ({ type: 'timer.cancel', id: key }) as const),
    ...carryEffects(carried, dues),
    ...sameTimers(machine, below, slots),
    ...wanted.timers.filter(({ id }) => !taken.has(id!)),
  ]
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

/** What is to be done to the invocations of a message, so that it has those that are wanted. */
function difference({ invocations, machine }: LiveMessage, wanted: Wanted): Effect[] {
  const runByWorker = (src: string): boolean => machine.sources.includes(src)
  const keeps = (id: string, src: string): boolean => invocations.get(id)?.src === src
  return [
    ...[...invocations.values()]
      .filter(
        ({ id, src }) =>
          !wanted.invocations.some((invocation) => invocation.id === id && invocation.src === src) &&
          !isBelow(invocationPath(id).slice(0, -1), wanted),
      )
      .map(({ id }) => ({ type: 'stop', id }) as const),
    ...wanted.invocations.filter(({ id, src }) => runByWorker(src) && !keeps(id, src)),
  ]
}

/** Whether an actor lives below one that stays. */
const isBelow = ([child]: Path, { invocations }: Wanted): boolean => invocations.some(({ id }) => id === child)
