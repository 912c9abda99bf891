import type { AnyActorRef } from 'xstate'
import type { Path } from './address.ts'

/**
 * XState keeps of an actor in a context its id alone, and looks for that among the children of the context's own machine. A machine
 * that was given its parent, or a sibling, would find nobody, or somebody else of that id: such a one is kept by its path.
 */
const MARK = 'redrive$$actor'

type Part = Record<string, unknown>

/**
 * Writes the paths of actors into a context as XState persisted it.
 * @param pathTo `undefined` for one of the machine's own children, which XState finds, and for one that is nowhere in the message.
 */
export function markReferences(live: Part, stored: Part, pathTo: (actor: AnyActorRef) => Path | undefined): void {
  for (const [key, value] of Object.entries(live)) {
    // XState copies what has an actor in it, and hands on all else.
    if (stored[key] === value || !isPart(value)) continue
    if (!isActor(value)) markReferences(value, stored[key] as Part, pathTo)
    else {
      const path = pathTo(value)
      if (path) stored[key] = { [MARK]: path }
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
    if (MARK in value) part[key] = find(value[MARK] as Path)
    else resolveReferences(value, find, seen)
  }
}

const isPart = (value: unknown): value is Part => typeof value === 'object' && value !== null

/** By the same signs as XState's. */
const isActor = (value: Part): value is Part & AnyActorRef => 'sessionId' in value && 'send' in value && 'ref' in value
