import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Redis } from 'ioredis'
import { setImmediate } from 'node:timers/promises'
import { createMemoryStore, DEFAULTS, Redrive } from '../../src/index.ts'
import { createKeys } from '../../src/store/keys.ts'
import { gate, onRedis, until } from '../support/backends.ts'

let backend: Awaited<ReturnType<typeof onRedis>>
let redis: Redis
beforeAll(async () => {
  backend = await onRedis()
  redis = backend.redis.client()
})
afterAll(() => backend.stop())

const keys = createKeys('rd')

test('takes out a member whose message has been missing for an hour, and none before', async () => {
  const partition = { queue: 'orphans', index: 0 }
  const queue = backend.open().queue('orphans')
  await queue.sendBulk([
    { input: 1, id: 'old' },
    { input: 2, id: 'new' },
  ])
  await redis.del(keys.message(partition, 'old'), keys.message(partition, 'new'))
  const worker = queue.work(() => {})
  await until(async () => (await redis.zcard(keys.missing(partition))) === 2)
  await worker.stop()
  await redis.zincrby(keys.missing(partition), -DEFAULTS.missingFor, 'old')
  await queue.trim()
  expect(await redis.zrange(keys.state(partition, 'pending'), 0, '-1')).toEqual(['new'])
  expect(await redis.zrange(keys.missing(partition), 0, '-1')).toEqual(['new'])
})

test('deletes all that is too much in one sweep, however much it is', async () => {
  const queue = backend.open().queue('heap', { retention: { cancelled: { count: 10 } } })
  const count = 2 * DEFAULTS.sweep + 100
  await queue.sendBulk(Array.from({ length: count }, (_, i) => ({ input: i, id: `m${i}`, delay: '1h' })))
  // As if they had been settled by a process without a bound, and nobody had swept.
  const partition = { queue: 'heap', index: 0 }
  const members = await redis.zrange(keys.state(partition, 'pending'), 0, '-1')
  for (const [i, id] of members.entries()) {
    void redis.hset(keys.message(partition, id), 's', 'cancelled', 'x', 'done')
    void redis.zadd(keys.state(partition, 'cancelled'), 4e15 + i, id)
  }
  await redis.sadd(keys.states(partition), 'cancelled')
  await redis.del(keys.state(partition, 'pending'))
  expect(await queue.trim()).toBe(count - 10)
  expect((await queue.stats()).states['cancelled']).toBe(10)
})

test('shares a count out among partitions', async () => {
  const queue = backend.open().queue('parts', { partitions: 4, retention: { succeeded: { count: 8 } } })
  await queue.sendBulk(Array.from({ length: 200 }, (_, i) => ({ input: i, id: `m${i}` })))
  const worker = queue.work(() => {})
  await until(async () => (await queue.stats()).states['pending'] === 0 && worker.stats().processed === 200)
  await worker.stop()
  await queue.trim()
  expect((await queue.stats()).states['succeeded']).toBe(8)
})

test('a sweep that is under way when its client closes is no failure', async () => {
  const store = createMemoryStore()
  const [swept, closed] = [gate(), gate()]
  const warnings: string[] = []
  const ignore = (): void => {}
  const redrive = new Redrive({
    logger: { debug: ignore, info: ignore, warn: (text) => warnings.push(text), error: (text) => warnings.push(text) },
    store: {
      ...store,
      stats() {
        swept.open()
        return closed.opened.then(() => Promise.reject(new Error('the connection is closed')))
      },
      async close() {
        closed.open()
        await store.close()
      },
    },
  })
  redrive.queue('emails', { retention: { succeeded: { count: 1 } } }).work(() => {})
  await swept.opened
  await redrive.close()
  await setImmediate()
  expect(warnings).toEqual([])
})
