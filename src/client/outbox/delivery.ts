import { hasCode, RedriveError } from '../../errors.ts'
import type { NewMessage, Store } from '../../store/store.ts'
import { FIELD } from '../../engine/snapshot.ts'
import { foreignKey } from '../queue-full.ts'
import { refuseMachine } from '../readiness.ts'
import type { Spooled } from './spool.ts'

/** What became of a batch: nothing is left of it when all its messages are stored; else why not. */
export interface Delivery<Batch extends Spooled> {
  readonly batch: Batch
  readonly left: readonly NewMessage[]
  readonly error?: unknown
}

/**
 * Stores batches that lay on the disk, in their order. Some may have arrived before, by calls whose replies were lost: their tokens and
 * ids answer for that. What became of each is told by itself: one that is stored must be taken off the disk though another was refused,
 * or it would come again when its token is forgotten.
 * @throws what the store throws when it is asked for a queue.
 */
export async function deliverAll<Batch extends Spooled>(
  store: Store,
  batches: readonly Batch[],
): Promise<Delivery<Batch>[]> {
  const queues = new Map(batches.map(({ queue, partitions }) => [queue, partitions]))
  const unfit = new Map<string, RedriveError>()
  for (const [queue, partitions] of queues) {
    const refs = refsIn(batches.filter((batch) => batch.queue === queue))
    const error = (await define(store, queue, partitions)) ?? (await admit(store, queue, refs))
    if (error) unfit.set(queue, error)
  }
  // One connection carries them in this order; waiting for each answer before the next would take as long as they are far away.
  return Promise.all(
    batches.map(async (batch) => {
      const error = unfit.get(batch.queue)
      return error ? { batch, left: batch.messages, error } : deliver(store, batch)
    }),
  )
}

async function deliver<Batch extends Spooled>(store: Store, batch: Batch): Promise<Delivery<Batch>> {
  const { queue, partition, token, messages } = batch
  try {
    const statuses = await store.enqueue({ queue, index: partition }, token, messages)
    const left = messages.filter((_, i) => typeof statuses[i] !== 'string')
    const [first] = left
    return { batch, left, ...(first ? { error: foreignKey(queue, first.id, 'it was not stored') } : {}) }
  } catch (error) {
    return { batch, left: messages, error }
  }
}

/** Why a queue can take nothing of what was sent to it: it has another number of partitions on this server. */
async function define(store: Store, queue: string, partitions: number): Promise<RedriveError | undefined> {
  const defined = await store.defineQueue(queue, { partitions })
  if (defined.partitions === partitions) return undefined
  return new RedriveError(
    'E_INVALID_OPTION',
    `the queue "${queue}" has ${defined.partitions} partitions on this server, and what the outbox holds was sent for ${partitions}.`,
    { path: 'partitions' },
  )
}

const refsIn = (batches: readonly Spooled[]): string[] => [
  ...new Set(batches.flatMap(({ messages }) => messages.flatMap(({ first }) => first.fields[FIELD.machine] ?? []))),
]

/** The queue may have got another machine while these lay on the disk. */
async function admit(store: Store, queue: string, refs: readonly string[]): Promise<RedriveError | undefined> {
  const refusal = refuseMachine(queue, refs, await store.arrive(queue, []))
  if (!refusal) await store.arrive(queue, refs)
  return refusal
}

/** Whether others may be taken though these were not: it is no fault of the server. */
export const isRefusal = (error: unknown): boolean =>
  hasCode(error, 'E_FOREIGN_KEY', 'E_INVALID_OPTION', 'E_UNKNOWN_MACHINE')
