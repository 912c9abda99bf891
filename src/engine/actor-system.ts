// oxlint-disable no-underscore-dangle -- the actors of a system know each other by fields that XState gives no public name
import {
  createActor,
  StateMachine,
  type AnyActorRef,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type StateValue,
} from 'xstate'
import type { EventData } from '../message.ts'
import { readActors, refuseLostReferences, writeActors, type StoredActors } from './actor-tree.ts'
import { markReferences, resolveReferences, withActors, type Place } from './actor-references.ts'
import { pathOf, type Path } from './address.ts'
import type { Effect } from './effects.ts'
import type { Member } from './members.ts'
import { checkName, createRecorder, type LiveActor, type Recorder } from './recorder.ts'
import { stateName } from './state-name.ts'
import { inDocumentOrder, type Step } from './transition.ts'

/**
 * The steps of a message that holds several actors: a machine that invokes machines or transition functions, to any depth. They talk
 * among themselves within a step, in an order that only XState's own system knows: so each step brings them to life as real actors,
 * lets them talk, and reads them off again. What would leave the step is taken down by a recorder instead of being done.
 */
export interface ActorSystem {
  /** @param id what the root finds as `self.id`, and those below it as the id of their parent */
  initial(input: unknown, id?: string): Step
  /** An event for the root, or for the actor at a path below it; one that is no more hears nothing. */
  step(snapshot: AnyMachineSnapshot, to: Path, event: EventData, id?: string): Step
  /** Brings a stored message to life. @throws when one of its actors has no place in this version of the machines. */
  revive(stored: StoredRoot): AnyMachineSnapshot
  /** Context and actors as they are stored: a reference to an actor in the context becomes its id. Those of what is over are gone with it. */
  persist(snapshot: AnyMachineSnapshot): { readonly context: object; readonly actors?: string }
}

export interface StoredRoot {
  readonly status: string
  readonly value: StateValue
  readonly context: unknown
  readonly historyValue: unknown
  /** As `persist` returned them; `undefined` when there were none. */
  readonly actors: string | undefined
}

/** What an actor, or the root, comes back from. */
interface PersistedRoot {
  readonly context: object
  readonly children: StoredActors
}

/** @param machine the root as it is run; `members` are the root and all machines below it as they were written. */
export function createActorSystem(machine: AnyStateMachine, members: readonly Member[]): ActorSystem {
  /** Whatever these were, they are the message itself. */
  const roots = new WeakSet<AnyActorRef>()

  function open(options: object, recorder: Recorder): LiveActor {
    const actor = createActor(recorder.root(machine), {
      ...options,
      inspect: ({ type, actorRef }) => {
        if (type === '@xstate.actor') recorder.adopt(actorRef as LiveActor)
      },
    })
    // XState throws an error that nobody listens for at the process; ours is in the snapshot.
    actor.subscribe({ error() {} })
    const root = actor as unknown as LiveActor
    roots.add(root)
    if ('snapshot' in options) {
      putInOrder(root)
      reconnect(root, root)
    }
    return root
  }

  function persisted(snapshot: AnyMachineSnapshot): PersistedRoot {
    const stored = machine.getPersistedSnapshot(snapshot) as unknown as PersistedRoot
    mark(snapshot, stored, (actor) => {
      const path = pathOf(actor as LiveActor)
      if (path.length === 0) return roots.has(actor) ? { path } : undefined
      if (findIn(snapshot, path) === actor) return { path }
      return (actor as LiveActor)._processingStatus === STOPPED ? { path, gone: true } : undefined
    })
    return stored
  }

  return {
    initial(input, id) {
      const recorder = createRecorder(members)
      const actor = open({ input, id }, recorder)
      const first = snapshotOf(actor)
      if (first.status === 'error') throw first.error
      actor.start()
      return { snapshot: snapshotOf(actor), effects: recorder.taken(), changed: true }
    },
    step(snapshot, to, event, id) {
      const recorder = createRecorder(members)
      const actor = open({ snapshot: persisted(snapshot), id }, recorder)
      quietly(actor, () => actor.start())
      const before = snapshotOf(actor)
      const { children } = persisted(before)
      recorder.begin()
      find(actor, to)?.send(withActors(event, (path) => find(actor, path)))
      const effects: Effect[] = recorder.taken()
      const after = snapshotOf(actor)
      // Texts are compared only where nothing else tells: to write down all actors takes longer than most steps.
      const changed =
        after !== before || effects.length > 0 || writeActors(persisted(after).children) !== writeActors(children)
      return { snapshot: after, effects, changed }
    },
    revive({ actors, ...root }) {
      const children = actors === undefined ? {} : readActors(actors)
      const actor = open({ snapshot: { ...root, children } }, createRecorder(members))
      const snapshot = snapshotOf(actor)
      if (snapshot.status === 'error' && root.status !== 'error') throw snapshot.error
      checkPlaces(snapshot, children)
      return snapshot
    },
    persist(snapshot) {
      const { context, children } = persisted(snapshot)
      // What is over is only read: nobody looks for the actors of its context any more.
      if (snapshot.status !== 'active') return { context }
      refuseLostReferences(context, children)
      return { context, actors: writeActors(children) }
    },
  }
}

/** XState's name for an actor that hears nothing any more. */
const STOPPED = 2

const snapshotOf = (actor: AnyActorRef): AnyMachineSnapshot => actor.getSnapshot() as AnyMachineSnapshot

/** Actors that come back greet each other, as if they were new: nobody is to hear of it, for they have met before. */
function quietly({ system }: LiveActor, run: () => void): void {
  const relay = system._relay
  system._relay = () => {}
  run()
  system._relay = relay
}

/** As in a message of one actor; see `inDocumentOrder`. */
function putInOrder(actor: LiveActor): void {
  const snapshot = snapshotOf(actor)
  if (!(snapshot.machine instanceof StateMachine) || snapshot.status === 'error') return
  actor._snapshot = inDocumentOrder(snapshot)
  for (const child of Object.values(childrenOf(snapshot))) putInOrder(child)
}

const childrenOf = (snapshot: AnyMachineSnapshot): Record<string, LiveActor> =>
  (snapshot.children ?? {}) as Record<string, LiveActor>

const find = (root: AnyActorRef, path: Path): AnyActorRef | undefined =>
  path.length === 0 ? root : findIn(snapshotOf(root), path)

function findIn(snapshot: AnyMachineSnapshot, [id = '', ...rest]: Path): AnyActorRef | undefined {
  const child = childrenOf(snapshot)[id]
  return child && find(child, rest)
}

/** The contexts of a snapshot and of all machines below it, as they were persisted, with the paths of actors that XState would not find again. */
function mark(
  snapshot: AnyMachineSnapshot,
  stored: { readonly context?: unknown; readonly children?: StoredActors },
  placeOf: (actor: AnyActorRef) => Place | undefined,
): void {
  const children = childrenOf(snapshot)
  if (stored.context !== snapshot.context)
    markReferences(snapshot.context as Record<string, unknown>, stored.context as Record<string, unknown>, (actor) =>
      children[actor.id] === actor ? undefined : placeOf(actor),
    )
  for (const [id, child] of Object.entries(children)) {
    checkName(child, id)
    const below = stored.children?.[id]?.snapshot
    if (below?.children) mark(snapshotOf(child), below, placeOf)
  }
}

/** The reverse of `mark`. */
function reconnect(actor: LiveActor, root: LiveActor): void {
  const snapshot = snapshotOf(actor)
  if (!(snapshot.machine instanceof StateMachine) || snapshot.status === 'error') return
  resolveReferences(snapshot.context as Record<string, unknown>, (path) => find(root, path))
  for (const child of Object.values(childrenOf(snapshot))) reconnect(child, root)
}

/** XState is lenient with what it restores: an actor without logic is left out, and one in a state that is no more fails in silence. */
function checkPlaces(parent: AnyMachineSnapshot, stored: StoredActors): void {
  for (const [id, { src, snapshot }] of Object.entries(stored)) {
    const actor = childrenOf(parent)[id]
    if (!actor) throw new Error(`${parent.machine.id} has no actor "${src}", which "${id}" is`)
    const revived = snapshotOf(actor)
    if (revived.status !== snapshot.status) throw revived.error
    if (snapshot.children === undefined || revived.status !== 'active') continue
    const place = stateName(snapshot.value!)
    const resolved = (revived.machine as AnyStateMachine).resolveState({ value: snapshot.value!, context: {} })
    if (stateName(resolved.value as StateValue) !== place)
      throw new Error(`"${place}" is no resting place of ${revived.machine.id}, which "${id}" is`)
    checkPlaces(revived, snapshot.children)
  }
}
