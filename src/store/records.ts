import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'
import type { Store } from './store.ts'

/** Records that go with one command. */
const TOGETHER = 16

/**
 * Takes away what a call left for its repetition, once its answer is here: the driver sends nothing again that was answered. Left to its end,
 * a minute's records of a busy queue take hundreds of megabytes.
 */
export function createRecords(redis: Redis, keys: Keys): Store['answered'] {
  const answered = new Map<string, string[]>()
  return async (partition, token) => {
    const base = keys.base(partition)
    const records = answered.get(base) ?? []
    records.push(`${base}:t:${token}`)
    answered.set(base, records)
    if (records.length < TOGETHER) return
    answered.delete(base)
    // Those that stay, because the server is away just now, end by themselves.
    await redis.del(...records)
  }
}
