import { createActor, type ActorLogic, type AnyActorRef, type EventObject, type Snapshot } from 'xstate'
import { pathOf, relatedAt, type Path } from './address.ts'

/**
 * XState keeps of an actor in a context its id alone, and looks for that among the children of the context's own machine. A machine
 * that was given its parent, or a sibling, would find nobody, or somebody else of that id: such a one is kept by its path.
 */
const MARK = 'redrive$$actor'
const XSTATE_MARK = 'xstate$$type'

type Part = Record<string, unknown>

/** Where an actor is in its message, or was until it was stopped. */
export interface Place {
  readonly path: Path
  readonly gone?: true
}

/**
 * Writes the paths of actors into a context as XState persisted it.
 * @param placeOf `undefined` for one of the machine's own children, which XState finds, and for one that never was in the message.
 */
export function markReferences(live: Part, stored: Part, placeOf: (actor: AnyActorRef) => Place | undefined): void {
  for (const [key, value] of Object.entries(live)) {
    // XState copies what has an actor in it, and hands on all else.
    if (stored[key] === value || !isPart(value)) continue
    if (!isActor(value)) markReferences(value, stored[key] as Part, placeOf)
    else {
      const place = placeOf(value)
      if (place) stored[key] = { [MARK]: place.path, ...(place.gone ? { gone: true } : {}) }
    }
  }
}

/** Puts actors in the places of their paths. */
export function resolveReferences(
  part: Part,
  find: (path: Path) => AnyActorRef | undefined,
  seen = new Set<Part>(),
): void {
  if (seen.has(part)) return
  seen.add(part)
  for (const [key, value] of Object.entries(part)) {
    if (!isPart(value) || isActor(value)) continue
    const path = pathIn(value)
    if (path) part[key] = 'gone' in value ? stoppedActor(path) : find(path)
    else resolveReferences(value, find, seen)
  }
}

/** The path in a reference; `undefined` for what is none, though somebody may have sent what looks like one. */
function pathIn({ [MARK]: path }: Part): Path | undefined {
  return Array.isArray(path) && path.every((id) => typeof id === 'string') ? path : undefined
}

/** What a live machine has of an actor that was stopped: it is where it was, and hears nothing. */
function stoppedActor(path: Path): AnyActorRef {
  const stopped = { status: 'stopped', output: undefined, error: undefined } as const
  const logic: ActorLogic<Snapshot<unknown>, EventObject> = {
    getInitialSnapshot: () => stopped,
    transition: () => stopped,
    getPersistedSnapshot: () => stopped,
  }
  const actor = createActor(logic, { id: path.at(-1)! }).stop()
  return Object.assign(actor, { _parent: relatedAt(path.slice(0, -1)) })
}

/** What a step asks for, as it can be stored: with paths in the place of actors. */
export const withPaths = <T>(value: T): T =>
  replaced(value, (part) => (isActor(part) ? { [MARK]: pathOf(part) } : undefined))

/** The reverse. */
export const withActors = <T>(value: T, find: (path: Path) => unknown): T =>
  replaced(value, (part) => {
    const path = pathIn(part)
    return path && find(path)
  })

/**
 * A context, or whatever else an action is given, with others in the place of its actors, be they alive, or as XState or `withPaths`
 * persisted them.
 * @param at the actor whose context it is: XState persists those of its children by their ids alone.
 */
export const withOthers = <T>(value: T, at: Path, find: (path: Path) => unknown): T =>
  replaced(value, (part) => {
    const path = isActor(part) ? pathOf(part) : pathIn(part)
    if (path) return find(path)
    return XSTATE_MARK in part ? find([...at, String(part['id'])]) : undefined
  })

/** A copy of all that has something to replace in it; the rest is handed on as it is. */
function replaced<T>(value: T, replacement: (part: Part) => unknown, open = new Set<unknown>()): T {
  if (!isPart(value) || open.has(value)) return value
  const other = replacement(value)
  if (other !== undefined) return other as T
  if (!isData(value)) return value
  open.add(value)
  const before = Object.entries(value)
  const after = before.map(([key, part]) => [key, replaced(part, replacement, open)] as const)
  open.delete(value)
  if (after.every(([, part], i) => part === before[i]![1])) return value
  return (Array.isArray(value) ? after.map(([, part]) => part) : Object.fromEntries(after)) as T
}

/** A list or a plain object. A snapshot is none: what it holds is its own. */
const isData = (value: object): boolean =>
  Array.isArray(value) || (Object.getPrototypeOf(value) === Object.prototype && !('machine' in value))

const isPart = (value: unknown): value is Part => typeof value === 'object' && value !== null

/** By the same signs as XState's. */
const isActor = (value: Part): value is Part & AnyActorRef => 'sessionId' in value && 'send' in value && 'ref' in value
