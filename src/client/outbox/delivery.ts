import { RedriveError } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import type { Spooled } from './spool.ts'

/**
 * Stores batches that lay on the disk, in their order. Some may have arrived before, by calls whose replies were lost: their tokens and
 * ids answer for that, and so for a second try when one of them fails.
 * @throws what the store throws; `E_INVALID_OPTION` when a queue has another number of partitions on this server.
 */
export async function deliverAll(store: Store, batches: readonly Spooled[]): Promise<void> {
  const queues = new Map(batches.map(({ queue, partitions }) => [queue, partitions]))
  for (const [queue, partitions] of queues) await define(store, queue, partitions)
  // One connection carries them in this order; waiting for each answer before the next would take as long as they are far away.
  await Promise.all(
    batches.map(({ queue, partition, token, messages }) => store.enqueue({ queue, index: partition }, token, messages)),
  )
}

async function define(store: Store, queue: string, partitions: number): Promise<void> {
  const defined = await store.defineQueue(queue, { partitions })
  if (defined.partitions === partitions) return
  throw new RedriveError(
    'E_INVALID_OPTION',
    `the queue "${queue}" has ${defined.partitions} partitions on this server, and what the outbox holds was sent for ${partitions}.`,
    { path: 'partitions' },
  )
}
