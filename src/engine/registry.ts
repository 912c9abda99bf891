import { createHash } from 'node:crypto'
import type { AnyActorLogic, AnyActorRef, AnyMachineSnapshot, AnyStateMachine, StateValue } from 'xstate'
import { nearest, RedriveError } from '../errors.ts'
import type { EventData } from '../message.ts'
import { FAILED, QUARANTINED } from '../store/store.ts'
import { stateName, stateValue } from './state-name.ts'
import type { Path } from './address.ts'
import { createActionBook, type ActionBook } from './action.ts'
import { createActorSystem, type ActorSystem } from './actor-system.ts'
import { actorLogic, kindOf } from './logic.ts'
import { isSystem, qualified, type Member } from './members.ts'
import { allNodes, type AnyStateNode } from './nodes.ts'
import { runPromiseActor, type PromiseActorRun } from './promise-actor.ts'
import { inDocumentOrder } from './transition.ts'
import { validateMachine } from './validate.ts'

/** A machine that passed the checks, with what the engine derives from it once. */
export interface DurableMachine {
  readonly machine: AnyStateMachine
  /** Of its config; of a machine that has none, the name of its queue. Ids of XState's own, such as those of timers, have `machine.id` in them. */
  readonly id: string
  readonly version: string
  /** Eight hexadecimal characters over the machine's structure: states, transitions, guards, timers and invocations by name. */
  readonly fingerprint: string
  /** `id@version#fingerprint`, as each message stores it. */
  readonly ref: string
  /** The machine, and all that it invokes or spawns, however deep. */
  readonly members: readonly Member[]
  /** Takes the steps of a message that holds several actors; `undefined` when the machine invokes only what workers run. */
  readonly system: ActorSystem | undefined
  /** Sources of the actors that workers run, in document order; those of a machine below have its key before them: `payment/charge`. */
  readonly sources: readonly string[]
  readonly warnings: readonly string[]
  /** Descriptors of the events that some state takes, without those that nobody may send. */
  readonly events: readonly string[]
  /** Runs the promise actor that the machine itself implements for a source; `undefined` when it implements none. */
  ownActor(src: string): ((run: PromiseActorRun) => Promise<unknown>) | undefined
  /** The custom actions of the machine. */
  readonly actions: ActionBook
  /** A snapshot at rest in a state, without context and children. Throws when the machine has no such state. */
  template(state: string): AnyMachineSnapshot
  /** Tags of a state by its name; none when the machine does not know the state. */
  tags(state: string): readonly string[]
  /** Revives stored history: node ids to nodes. */
  historyValue(stored: Readonly<Record<string, readonly string[]>>): AnyMachineSnapshot['historyValue']
}

const registered = new WeakMap<AnyStateMachine, DurableMachine>()
/** Machines without an id, as the queues have them: each by the name of its queue. */
const registeredByQueue = new WeakMap<DurableMachine, Map<string, DurableMachine>>()

/**
 * Checks a machine and makes it ready to be stepped: once, however many clients and tools of a process use it.
 * @param queue gives its name to a machine that has no id of its own; two queues may share such a one.
 * @throws RedriveError `E_INVALID_MACHINE` that lists every fault: what, where, and the mend.
 */
export function registerMachine(machine: AnyStateMachine, queue?: string): DurableMachine {
  const known = registered.get(machine) ?? makeDurable(machine)
  registered.set(machine, known)
  return queue === undefined || hasOwnId(machine) ? known : namedAfter(known, queue)
}

function namedAfter(durable: DurableMachine, queue: string): DurableMachine {
  const byQueue = registeredByQueue.get(durable) ?? new Map<string, DurableMachine>()
  registeredByQueue.set(durable, byQueue)
  const id = idOfQueue(queue)
  const named = byQueue.get(queue) ?? { ...durable, id, ref: refOf({ ...durable, id }) }
  byQueue.set(queue, named)
  return named
}

/** The name of a queue as the id of its machine: without the `@` that ends an id, and never that of the default machine. */
const idOfQueue = (queue: string): string => (queue === DEFAULT_ID ? `%${queue}` : queue.replaceAll('@', '%40'))

/** The id of the default machine, whose messages are read in a way of their own. */
const DEFAULT_ID = 'message'

/** XState takes an empty id for none. */
const hasOwnId = ({ config }: AnyStateMachine): boolean => config.id !== undefined && config.id !== ''

const refOf = ({ id, version, fingerprint }: Pick<DurableMachine, 'id' | 'version' | 'fingerprint'>): string =>
  `${id}@${version}#${fingerprint}`

function makeDurable(machine: AnyStateMachine): DurableMachine {
  const { warnings, members } = validateMachine(machine)
  const provided = members[0]!.run
  const promises = promisesOf(members)
  const version = machine.version ?? '0'
  const fingerprint = createHash('sha256')
    .update(JSON.stringify(structureOf(members)))
    .digest('hex')
    .slice(0, 8)
  const templates = new Map<string, AnyMachineSnapshot>()
  // Not by getStateNodeById(), which parts an id at its dots: that of a machine or a state may have some of its own.
  const nodes = new Map([...allNodes(provided.root)].map((node) => [node.id, node]))
  const nodeOf = (id: string): AnyStateNode => {
    const node = nodes.get(id)
    if (!node) throw new Error(`${machine.id} has no state "${id}", which its history names`)
    return node
  }
  const durable: DurableMachine = {
    machine: provided,
    id: machine.id,
    version,
    fingerprint,
    ref: refOf({ id: machine.id, version, fingerprint }),
    members,
    system: isSystem(members) ? createActorSystem(provided, members) : undefined,
    sources: [...promises.keys()],
    warnings,
    events: (machine.events as string[]).filter((event) => !isReserved(event)),
    actions: createActionBook(members),
    ownActor(src) {
      const logic = promises.get(src)
      return logic && ((run) => runPromiseActor(logic, run))
    },
    template(state) {
      let template = templates.get(state)
      if (!template) {
        // A machine that failed is nowhere; its last actions may still be run.
        const value = state === FAILED ? {} : stateValue(state)
        template = inDocumentOrder(provided.resolveState({ value, context: {} }))
        // A compound state stored by a version in which it was atomic would resolve to a place where it never entered.
        if (state !== FAILED && stateName(template.value as StateValue) !== state)
          throw new Error(`"${state}" is no resting place of ${machine.id}`)
        templates.set(state, template)
      }
      return template
    },
    tags(state) {
      if (state === FAILED) return ['dead']
      if (state === QUARANTINED) return []
      try {
        return tagsOf(durable.template(state))
      } catch {
        return []
      }
    },
    historyValue: (stored) => Object.fromEntries(Object.entries(stored).map(([id, list]) => [id, list.map(nodeOf)])),
  }
  return durable
}

/** The tags of a snapshot; a machine that ended in an error of its own is dead, and one that finished without a word succeeded. */
export function tagsOf(snapshot: AnyMachineSnapshot): string[] {
  if (snapshot.status === 'error') return ['dead']
  const tags = [...snapshot.tags]
  return snapshot.status === 'done' && tags.length === 0 ? ['succeeded'] : tags
}

/** What workers run, by its source, and its logic where a machine implements it. What is implemented and named nowhere may be spawned by code. */
function promisesOf(members: readonly Member[]): Map<string, AnyActorLogic | undefined> {
  const promises = new Map<string, AnyActorLogic | undefined>()
  for (const { key, machine, sources } of members) {
    for (const src of new Set([...sources, ...Object.keys(machine.implementations.actors)])) {
      const logic = actorLogic(machine, src)
      if (logic === undefined || kindOf(logic) === 'promise') promises.set(qualified(key, src), logic)
    }
  }
  return promises
}

/** That of a machine alone is as it was before there were others in it, and so are the fingerprints of stored messages. */
function structureOf(members: readonly Member[]): unknown {
  const [root, ...below] = members.map(({ key, machine }) => [key, structure(machine.root)])
  return below.length === 0 ? root![1] : [root, ...below]
}

/** What stored messages depend on. Numbers, functions and texts may change freely without a new fingerprint. */
function structure(node: AnyStateNode): unknown {
  return [
    node.key,
    node.type,
    node.history || 0,
    node.initial.target.map(({ id }) => id),
    node.invoke.map(({ id, src }) => [id, src]),
    [...node.transitions].map(([event, list]) => [
      event,
      list.map((transition) => [transition.target?.map(({ id }) => id) ?? 0, guardName(transition.guard)]),
    ]),
    (node.always ?? []).map((transition) => [transition.target?.map(({ id }) => id) ?? 0, guardName(transition.guard)]),
    Object.values(node.states as Record<string, AnyStateNode>).map(structure),
  ]
}

function guardName(guard: unknown): string {
  if (typeof guard === 'string') return guard
  if (typeof guard === 'object' && guard !== null && 'type' in guard) return String(guard.type)
  return guard === undefined ? '' : '(inline)'
}

/** Whether some state of the machine, or of one below it, waits for this very event, XState's own of timers and actors included. */
export const hearsOf = (durable: DurableMachine, type: string): boolean =>
  durable.members.some(({ machine }) => [...allNodes(machine.root)].some((node) => node.transitions.has(type))) ||
  acceptsEvent(durable, type)

/**
 * Whether some state of the machine takes events of this type. XState's own come from its timers and actors alone, wildcard or
 * not: who could send an `xstate.error.actor.…` could end any message.
 */
export function acceptsEvent({ events }: DurableMachine, type: string): boolean {
  if (isReserved(type) || type === '*') return false
  return events.some((descriptor) => matchesEvent(descriptor, type))
}

/** Whether an event of an inbox may come to anybody in a message of this machine; only a system has actors that are addressed by themselves. */
export const isTaken = (durable: DurableMachine, { event, to }: { event: EventData; to?: Path }): boolean =>
  to ? durable.system !== undefined : acceptsEvent(durable, event.type)

/** Whether the key of a transition is for an event. */
export const matchesEvent = (descriptor: string, type: string): boolean =>
  descriptor === type ||
  descriptor === '*' ||
  // To XState, `order` is matched by `order.*` too.
  (descriptor.endsWith('.*') && `${type}.`.startsWith(descriptor.slice(0, -1)))

/** The event of XState's own that others send: it brings a machine to the state with a `route` that it names in `to`. */
export const ROUTE = 'xstate.route'

/** Events of XState and of Redrive itself, which nobody else may send. */
export const isReserved = (type: string): boolean => /^(xstate|redrive)\./.test(type) && type !== ROUTE

/**
 * Refuses at the door what the machine can never take; XState would keep memory for each unknown type.
 * @throws RedriveError `E_INVALID_EVENT`, `E_UNKNOWN_EVENT`
 */
export function checkEvent(machine: DurableMachine, event: EventData): void {
  if (typeof event !== 'object' || event === null || typeof event.type !== 'string' || event.type === '') {
    throw new RedriveError('E_INVALID_EVENT', 'An event is an object with a "type", e.g. { type: "APPROVE" }.')
  }
  if (isReserved(event.type)) {
    throw new RedriveError(
      'E_INVALID_EVENT',
      `"${event.type}" is one of XState's own events, which only the engine may send.`,
    )
  }
  if (acceptsEvent(machine, event.type)) return
  const near = nearest(event.type, machine.events)
  throw new RedriveError(
    'E_UNKNOWN_EVENT',
    `"${event.type}" is not accepted by any state of ${machine.id}. ${near ? `Did you mean ${near}? ` : ''}Possible: ${machine.events.join(', ') || 'none'}.`,
    { event: event.type, possible: machine.events },
  )
}

/** Stands for a running invocation in `snapshot.children`, so that XState can name it when it is stopped. */
export function childStub(id: string, src: string): AnyActorRef {
  return { id, src, sessionId: id, send: () => {}, getSnapshot: () => ({ status: 'active' }) } as unknown as AnyActorRef
}
