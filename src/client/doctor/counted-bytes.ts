import type { Partition } from '../../store/store.ts'
import type { ExaminedQueue } from './examined-queue.ts'
import type { Surgery } from './surgery.ts'

const PAGE = 500

/**
 * Holds the counter behind `maxBytes` against the messages that it counts. Only where nothing was sent or worked on meanwhile, for
 * then the two must be the same; and a difference that was found once stays what it is, so it can be taken off at any time.
 */
export async function examineBytes(surgery: Surgery, queue: ExaminedQueue, partition: Partition): Promise<void> {
  const { redis, store, keys, repair } = surgery
  const key = keys.bytes(partition)
  const [counter, position] = [await redis.get(key), await store.feedEnd(partition)]
  if (counter === null) return
  const sum = await sumOf(surgery, partition)
  if ((await redis.get(key)) !== counter || (await store.feedEnd(partition)) !== position) return
  const excess = Number(counter) - sum
  if (excess === 0) return
  queue.bytes.excess += excess
  if (!repair) return
  await redis.decrby(key, excess)
  queue.bytes.repaired++
}

async function sumOf({ redis, store, keys }: Surgery, partition: Partition): Promise<number> {
  let sum = 0
  for (const state of (await store.stats(partition)).states.keys()) {
    for (let offset = 0; ; offset += PAGE) {
      const ids = await redis.zrange(keys.state(partition, state), offset, String(offset + PAGE - 1))
      const sizes = await Promise.all(ids.map((id) => redis.hget(keys.message(partition, id), 'z')))
      for (const size of sizes) sum += Number(size ?? 0)
      if (ids.length < PAGE) break
    }
  }
  return sum
}
