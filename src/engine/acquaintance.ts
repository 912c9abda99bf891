import type { AnyActorRef, AnyMachineSnapshot } from 'xstate'
import type { Path } from './address.ts'

const childrenOf = (snapshot: AnyMachineSnapshot | undefined): Record<string, AnyActorRef | undefined> =>
  (snapshot?.children ?? {}) as Record<string, AnyActorRef | undefined>

/** The snapshot of an actor within a message; `undefined` when it is no more. */
export function snapshotAt(root: AnyMachineSnapshot, path: Path): AnyMachineSnapshot | undefined {
  let snapshot: AnyMachineSnapshot | undefined = root
  for (const id of path) snapshot = childrenOf(snapshot)[id]?.getSnapshot() as AnyMachineSnapshot | undefined
  return snapshot
}

/** The context of a message, or of an actor within it; `undefined` when that is no more. Of what is over, the message's own alone is kept. */
export const contextAt = (root: AnyMachineSnapshot, path: Path = []): unknown =>
  path.length === 0 || root.status === 'active' ? (snapshotAt(root, path)?.context as unknown) : undefined

/** Where the actor with a `systemId` lives; `undefined` when there is none, or it has ended, as in XState. */
export function pathOfSystemId(root: AnyMachineSnapshot, systemId: string): Path | undefined {
  for (const [id, actor] of Object.entries(childrenOf(root))) {
    const snapshot = actor?.getSnapshot() as AnyMachineSnapshot | undefined
    if (snapshot?.status !== 'active') continue
    if ((actor as { systemId?: string }).systemId === systemId) return [id]
    const below = pathOfSystemId(snapshot, systemId)
    if (below) return [id, ...below]
  }
  return undefined
}
