import type { Redis } from 'ioredis'
import type { Keys } from '../../store/keys.ts'
import type { Partition } from '../../store/store.ts'

/** A key of Redrive under which something else lies than it writes there. */
export interface ForeignKey {
  readonly key: string
  readonly type: string
  readonly expected: string
}

/** The keys that scripts need whatever message they are about, and the types that those have. Keys of single messages are seen on the way. */
export async function foreignKeys(redis: Redis, keys: Keys, partitions: readonly Partition[]): Promise<ForeignKey[]> {
  const all = await Promise.all(partitions.map((partition) => ofPartition(redis, keys, partition)))
  return all.flat()
}

async function ofPartition(redis: Redis, keys: Keys, partition: Partition): Promise<ForeignKey[]> {
  const found = await unexpected(redis, [
    [keys.states(partition), 'set'],
    [keys.bytes(partition), 'string'],
    [keys.missing(partition), 'zset'],
    [keys.events(partition), 'stream'],
    [keys.large(partition), 'stream'],
    [keys.trimmed(partition), 'string'],
  ])
  if (found.some(({ key }) => key === keys.states(partition))) return found
  const states = await redis.smembers(keys.states(partition))
  const sets = states.map((state) => [keys.state(partition, state), 'zset'] as const)
  return [...found, ...(await unexpected(redis, sets))]
}

/** Of some keys, those that are there and of another type. */
export async function unexpected(
  redis: Redis,
  expected: readonly (readonly [key: string, type: string])[],
): Promise<ForeignKey[]> {
  const types = await Promise.all(expected.map(([key]) => redis.type(key)))
  return expected.flatMap(([key, right], i) => {
    const type = types[i]!
    return type === right || type === 'none' ? [] : [{ key, type, expected: right }]
  })
}
