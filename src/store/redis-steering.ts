import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'
import { AUDIT_CAP, type Steering } from './steering.ts'

/** Before the id of an operation: somebody wants it to stop. */
const STOP = 'stop:'

export function createRedisSteering(redis: Redis, scripts: Scripts, keys: Keys): Steering {
  return {
    pause: (partition, paused) => scripts.pause(keys.base(partition), paused),
    paused: async (partition) => (await redis.exists(keys.paused(partition))) === 1,
    discard: (partition, request) => scripts.discard(keys.base(partition), request),
    discarded: (partition, operation) => redis.lrange(keys.undo(partition, operation), 0, -1),
    restore: (partition, ids) => scripts.restore(keys.base(partition), ids),
    async report(queue, worker, text) {
      if (text === undefined) await redis.hdel(keys.workers(queue), worker)
      else await scripts.report(keys.workers(queue), worker, text)
    },
    reports: async (queue) => new Map(Object.entries(await redis.hgetall(keys.workers(queue)))),
    async tellOperation(operation, text) {
      const stop = STOP + operation
      if (text === undefined) {
        await redis.hdel(keys.operations(), operation, stop)
        return false
      }
      await scripts.report(keys.operations(), operation, text)
      return (await redis.hget(keys.operations(), stop)) !== null
    },
    async operations() {
      const told = Object.entries(await redis.hgetall(keys.operations()))
      return new Map(told.filter(([name]) => !name.startsWith(STOP)))
    },
    stopOperation: (operation) => scripts.report(keys.operations(), STOP + operation, '1'),
    record: (fields) => scripts.record(keys.audit(), AUDIT_CAP, fields),
    async records(count) {
      const entries = await redis.xrevrange(keys.audit(), '+', '-', 'COUNT', count)
      return entries.map(([id, flat]) => ({ at: Number(id.split('-')[0]), fields: pairs(flat) }))
    },
  }
}

function pairs(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i]!] = flat[i + 1]!
  return fields
}
