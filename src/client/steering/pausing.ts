import type { Partition, Store } from '../../store/store.ts'
import { actorOf, type ActorOption, type Auditor } from './audit.ts'

/** What a pause needs of a queue; not its machine, so that a queue can be paused from where nobody has that. */
export interface PausingParts {
  readonly store: Store
  readonly partitions: readonly Partition[]
  readonly auditor: Auditor
}

/** Pauses a queue, or lets it go on; what is so already is not told again. */
export async function steerPause(
  { store, partitions, auditor }: PausingParts,
  paused: boolean,
  given: ActorOption,
): Promise<void> {
  const actor = actorOf(given, paused ? 'pause()' : 'resume()')
  const changed = await Promise.all(partitions.map((partition) => store.pause(partition, paused)))
  if (!changed.includes(true)) return
  await auditor.note({ action: paused ? 'pause' : 'resume', what: 'the whole queue', count: 0 }, actor)
}

/** Also of one that was paused half, when Redis went away: some of it stands still. */
export async function isPaused({ store, partitions }: Omit<PausingParts, 'auditor'>): Promise<boolean> {
  return (await Promise.all(partitions.map((partition) => store.paused(partition)))).includes(true)
}
