import type { QueueRuntime } from '../engine/runtime.ts'
import type { StoreListener } from '../store/store.ts'

/** Subscribes to each partition, or to none: what was subscribed before another one was refused is ended. Returns the end of all. */
export async function subscribeAll(
  { store, partitions }: Pick<QueueRuntime, 'store' | 'partitions'>,
  listener: StoreListener,
): Promise<() => Promise<void>> {
  const begun = await Promise.allSettled(partitions.map((partition) => store.subscribe(partition, listener)))
  const ends = begun.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const end = async (): Promise<void> => void (await Promise.all(ends.map((one) => one().catch(() => {}))))
  const refused = begun.find((each) => each.status === 'rejected')
  if (!refused) return end
  await end()
  throw refused.reason
}
