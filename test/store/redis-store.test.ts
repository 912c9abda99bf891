import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { INDEX_RULES } from './index-rules.ts'
import { createRedisScene, openRedis, type RedisHarness, type RedisScene } from './redis-harness.ts'
import { REDIS_RULES } from './redis-rules.ts'
import { entry, message } from './scene.ts'
import { describeStore } from './store-contract.ts'

describeStore('Redis', openRedis)

describe('the Redis store, seen from its server', () => {
  let harness: RedisHarness
  beforeAll(async () => {
    harness = await openRedis()
  })
  afterAll(() => harness.close())
  const scene = (): RedisScene => createRedisScene(harness)

  test.each(Object.entries({ ...REDIS_RULES, ...INDEX_RULES }))('%s', async (_, rule) => {
    expect.hasAssertions()
    await rule(scene())
  })

  test('keeps a message of a usual size compact through its life', async () => {
    const { redis, keys, partition, send, take, commit } = scene()
    const fields = { m: 'message@1', c: `\n${'c'.repeat(300)}`, p: 'p'.repeat(480) }
    await send(message('a', { fields, timers: [{ nonce: '0-0', text: 'deliver', delay: 0 }] }))
    const journal = { seq: 1, text: 'e'.repeat(400) }
    await commit(entry(await take(), { state: 'dead', journal: [journal] }))
    expect(await redis.object('ENCODING', keys.message(partition, 'a'))).toBe('listpack')
  })

  test('leaves no key of a message behind', async () => {
    const { redis, keys, partition, send, take, commit, deliver } = scene()
    await send(message('a'))
    const taken = await take()
    await deliver('a', 'E')
    await commit(entry(taken, { disposal: 'remove' }))
    const left = await redis.keys(`${keys.base(partition)}:[mli]:*`)
    expect(left).toEqual([])
    expect(await redis.exists(keys.state(partition, 'todo'))).toBe(0)
  })

  test('holds a lock in the format of Redlock while a message is claimed, and no longer', async () => {
    const { redis, keys, partition, send, take, commit } = scene()
    await send(message('a'))
    const taken = await take({ token: '0123456789abcdef0123456789abcdef', lease: 30_000 })
    const lock = keys.lock(partition, 'a')
    expect(await redis.get(lock)).toBe('0123456789abcdef0123456789abcdef')
    expect(await redis.pttl(lock)).toBeGreaterThan(20_000)
    await commit(entry(taken))
    expect(await redis.exists(lock)).toBe(0)
  })

  test('forgets a token after its time', async () => {
    const { redis, keys, partition, send, claim } = scene()
    await send(message('a'))
    await claim({ token: 'c'.repeat(32) })
    const records = await redis.keys(`${keys.base(partition)}:t:*`)
    expect(records).toHaveLength(2)
    for (const record of records) expect(await redis.pttl(record)).toBeGreaterThan(50_000)
  })

  test('stores a score to the millisecond', async () => {
    const { redis, keys, partition, send, get } = scene()
    await send(message('a', { attention: 'timers' }))
    const { createdAt } = (await get('a')).message
    expect(await redis.zscore(keys.state(partition, 'todo'), 'a')).toBe(String(4_000_000_000_000_000 + createdAt))
  })
})
