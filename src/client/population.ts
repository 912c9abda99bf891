import { createTally, fateOf, type Fate, type PopulationGroup } from '../engine/population.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import { createVersions, type Versions } from '../engine/versions.ts'
import { RedriveError } from '../errors.ts'
import { planOf } from '../step/plan/plan.ts'
import type { UnfitStep } from '../step/plan/unfit.ts'
import type { ListedMessage, Partition, Store } from '../store/store.ts'

/** The messages of a queue beside the code of this process. */
export interface QueuePopulation {
  readonly queue: string
  /** The clock of the store, milliseconds since 1970. */
  readonly now: number
  /** `id@version#fingerprint` of the current machine of this process. */
  readonly machine: string
  /** When each version first came to the queue, by its reference; one of ours may not have come yet. */
  readonly arrivals: Readonly<Record<string, number>>
  /** By machine, state and fate. */
  readonly groups: readonly PopulationGroup[]
  /** Steps of the current machine that no plan takes: XState takes them, with the same result and more CPU. */
  readonly byXState: readonly UnfitStep[]
}

/** Hears of each message, by its id, and what becomes of it. */
export type VisitMessage = (id: string, fate: Fate['what']) => void

/** Messages read at a time. */
const PAGE = 500

/**
 * Compares the stored messages of a queue with the code of this process: what a worker would do with each. It only reads; in
 * particular it does not announce a version that may never be deployed.
 * @throws RedriveError `E_INVALID_OPTION` when the queue has another number of partitions on the server.
 */
export async function comparePopulation(queue: QueueRuntime, visit: VisitMessage = () => {}): Promise<QueuePopulation> {
  const { store, name } = queue
  const known = await store.arrive(name, [])
  const partitions = await storedPartitions(queue)
  const versions = asIfDeployed(queue.versions, known)
  const tally = createTally()
  let now = queue.clock.now()
  for (const partition of partitions) {
    const { states, ...stats } = await store.stats(partition)
    now = stats.now
    for (const [state, count] of states) {
      if (count === 0) continue
      for await (const { message } of messagesOf(store, partition, state)) {
        const fate = fateOf(versions, message, now)
        tally.add(message, fate)
        visit(message.id, fate.what)
      }
    }
  }
  const { machine } = queue
  const arrivals = Object.fromEntries(known)
  return { queue: name, now, machine: machine.ref, arrivals, groups: tally.groups(), byXState: planOf(machine).unfit }
}

/** None for a queue that was never used: looking at it does not define it. */
async function storedPartitions({ store, name, partitions }: QueueRuntime): Promise<readonly Partition[]> {
  const definition = (await store.queues()).get(name)
  if (!definition) return []
  if (definition.partitions === partitions.length) return partitions
  throw new RedriveError(
    'E_INVALID_OPTION',
    `the queue "${name}" has ${definition.partitions} partitions on this server, not ${partitions.length}: another number would not find its messages.`,
    { path: 'partitions' },
  )
}

/** The same versions with what is known of their arrival, and no way to announce one. One that has not come yet is taken for the newest. */
export function asIfDeployed({ current, machines, migrate }: Versions, known: ReadonlyMap<string, number>): Versions {
  const older = machines.filter((machine) => machine !== current)
  return createVersions(current, older, migrate, { when: (ref) => known.get(ref) })
}

/**
 * The messages of a state, page by page. From the newest on: a set grows at that end, so what comes meanwhile moves messages into
 * pages still to be read, where they are known again, and none out of them.
 */
async function* messagesOf(store: Store, partition: Partition, state: string): AsyncGenerator<ListedMessage> {
  let last = new Set<string>()
  for (let offset = 0; ; offset += PAGE) {
    const page = await store.list(partition, { state, offset, limit: PAGE, newestFirst: true })
    yield* page.filter(({ message }) => !last.has(message.id))
    if (page.length < PAGE) return
    last = new Set(page.map(({ message }) => message.id))
  }
}
