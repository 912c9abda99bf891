import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Redis } from 'ioredis'
import { createRedisStore } from '../../src/store/redis-store.ts'
import type { Store } from '../../src/store/store.ts'
import { startCuttingProxy, type CuttingProxy } from './cutting-proxy.ts'
import { openRedis, SETTINGS, type RedisHarness } from './redis-harness.ts'
import { createScene, entry, ids, LONG, message, newToken, nextFence, type Scene } from './scene.ts'

describe('a command whose reply is lost is sent again by the client, and does its work once', () => {
  let harness: RedisHarness
  let proxy: CuttingProxy
  let store: Store
  let redis: Redis
  let it: Scene

  beforeAll(async () => {
    harness = await openRedis()
    proxy = await startCuttingProxy(harness.server.socket)
    store = createRedisStore({ ...SETTINGS, redis: proxy.url })
    redis = harness.redis
    await store.ready()
    // Each script is known to the server: what is cut is a run of it, not a NOSCRIPT.
    for (const warm of [createScene({ ...harness, store })]) {
      await warm.send(message('a'))
      const taken = await warm.take()
      await store.heartbeat(warm.partition, LONG, [taken])
      await warm.deliver('a', 'E')
      await warm.commit(entry(taken))
      await store.trim(warm.partition, { state: 'todo', keep: 0, limit: 1 })
      await store.remove(warm.partition, 'a', '')
    }
  })
  afterAll(async () => {
    await store.close()
    await proxy.stop()
    await harness.close()
  })
  beforeEach(() => {
    it = createScene({ ...harness, store })
  })

  async function runs(): Promise<number> {
    const stats = await redis.info('commandstats')
    // On a new connection the client sends the text of a script, not its digest.
    return [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0)
  }

  /** The answer to the second run of a call; the first one's was lost. */
  async function twice<T>(call: () => Promise<T>): Promise<T> {
    const [cuts, before] = [proxy.cuts, await runs()]
    proxy.cutNextReply()
    const answer = await call()
    expect(proxy.cuts).toBe(cuts + 1)
    expect(await runs()).toBe(before + 2)
    return answer
  }

  test('enqueue', async () => {
    expect(await twice(() => it.send(message('a'), message('b')))).toEqual(['created', 'created'])
    expect(await it.feed()).toHaveLength(1)
  })

  test('claim', async () => {
    await it.send(message('a'), message('b'))
    const { messages } = await twice(() => it.claim({ limit: 1 }))
    expect(ids(messages)).toEqual(['a'])
    expect(messages[0]).toMatchObject({ revision: 1 })
    expect(await it.take()).toMatchObject({ id: 'b' })
  })

  test('commit', async () => {
    await it.send(message('a'), message('b'))
    const { messages } = await it.claim()
    const journal = [{ seq: 1, text: 'once' }]
    const [a, b] = messages.map((taken) => entry(taken, { disposal: 'keep', journal, transitions: ['1'] }))
    const results = await twice(() => it.commit(a!, { ...b!, disposal: 'remove' }))
    expect(results.map(({ status }) => status)).toEqual(['duplicate', 'duplicate'])
    expect((await it.get('a')).message).toMatchObject({ revision: 2, journal: [{ seq: 0 }, { seq: 1 }] })
    expect(await it.feed()).toHaveLength(2)
    expect(await it.commit(entry({ ...messages[0]!, fence: nextFence(messages[0]!) }))).toMatchObject([
      { status: 'applied' },
    ])
  })

  test('heartbeat', async () => {
    await it.send(message('a'))
    const taken = await it.take()
    expect(await twice(() => store.heartbeat(it.partition, LONG, [taken]))).toEqual(['renewed'])
  })

  test('deliver', async () => {
    await it.send(message('a'))
    expect(await twice(() => it.deliver('a', 'E'))).toEqual(['delivered'])
    expect(await store.inbox(it.partition, 'a')).toEqual(['E'])
  })

  test('trim and remove, which cannot tell their count again, but do no more', async () => {
    await it.send(message('a', { attention: 'timers' }), message('b'), message('c', { attention: 'timers' }))
    expect(await twice(() => store.trim(it.partition, { state: 'todo', keep: 1, limit: 10 }))).toBe(0)
    expect(await it.population()).toEqual({ todo: 2 })
    expect(await twice(() => store.remove(it.partition, 'b', newToken()))).toBe('missing')
    expect(await it.population()).toEqual({ todo: 1 })
  })
})
