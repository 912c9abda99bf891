import type { Board } from '../server/board.ts'

/** The clock of Redis, by which workers and operations tell when they were heard of last. */
export async function storeTime({ queues, store, inside }: Board): Promise<number> {
  const [first] = await queues.all()
  return first ? (await store.stats(first.partitions[0]!)).now : inside.clock.now()
}
