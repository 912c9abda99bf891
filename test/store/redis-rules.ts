// Rules are run by the tests of both stores, and by rules.test.ts.
// oxlint-disable jest/no-standalone-expect
import { expect } from '@jest/globals'
import type { FeedBounds } from '../../src/store/bounds.ts'
import { FAILED } from '../../src/store/store.ts'
import type { RedisScene } from './redis-harness.ts'
import { entry, ids, LONG, message, newToken } from './scene.ts'

const TOKEN = 'f'.repeat(32)

/** Rules about what only a server can come to: a failover, a slot on its way, sets that differ from the hashes, no memory left. */
export const REDIS_RULES = {
  async 'a revision that a failover rolled back is told apart by its token'(scene: RedisScene) {
    const { redis, keys, partition } = scene
    const hash = keys.message(partition, 'a')
    await scene.send(message('a'))
    const before = await redis.dumpBuffer(hash)
    const lost = await scene.take()
    // The replica that takes over never saw the claim: neither the revision, nor the lock, nor the new score.
    await redis.restore(hash, 0, before, 'REPLACE')
    await redis.del(keys.lock(partition, 'a'))
    await redis.zadd(keys.state(partition, 'todo'), 1, 'a')
    const taken = await scene.take()
    expect(taken.revision).toBe(lost.revision)
    // A lock is no help here: it may be lost as well.
    await redis.del(keys.lock(partition, 'a'))
    expect(await scene.commit(entry(lost, { state: 'done' }))).toMatchObject([{ status: 'fenced' }])
    expect(await scene.commit(entry(taken))).toMatchObject([{ status: 'applied' }])
  },

  async 'a hash that is not here leaves its member in the set, put off'(scene: RedisScene) {
    const { redis, keys, partition } = scene
    await scene.send(message('a'), message('b'))
    await redis.rename(keys.message(partition, 'a'), `${keys.base(partition)}:elsewhere`)
    const { now, messages } = await scene.claim()
    expect(ids(messages)).toEqual(['b'])
    expect(Number(await redis.zscore(keys.state(partition, 'todo'), 'a'))).toBeGreaterThanOrEqual(now + 1000)
    expect(await redis.exists(keys.message(partition, 'a'))).toBe(0)
  },

  async 'a hash whose state differs from its set is claimed from its own set'(scene: RedisScene) {
    const { redis, keys, partition } = scene
    await scene.send(message('a'), message('other', { state: 'busy', attention: 'timers' }))
    await redis.hset(keys.message(partition, 'a'), 's', 'busy')
    expect((await scene.claim()).messages).toEqual([])
    expect(await scene.population()).toEqual({ busy: 2 })
    expect(await scene.take()).toMatchObject({ id: 'a', state: 'busy' })
  },

  async 'the state of a mended message is one that claims read'(scene: RedisScene) {
    const { redis, keys, partition } = scene
    await scene.send(message('a'))
    await redis.hset(keys.message(partition, 'a'), 's', 'busy')
    await scene.claim()
    expect(await scene.take()).toMatchObject({ id: 'a', state: 'busy' })
  },

  async 'a mended message keeps the attention that its own set knows'(scene: RedisScene) {
    const { redis, keys, partition } = scene
    await scene.send(message('a', { state: 'busy', attention: 'timers' }))
    await redis.zadd(keys.state(partition, 'todo'), 1, 'a')
    await redis.sadd(keys.states(partition), 'todo')
    expect((await scene.claim()).messages).toEqual([])
    expect((await scene.get('a')).attentionAt).toBeNull()
    expect(await scene.population()).toEqual({ busy: 1 })
  },

  async 'trimming spares a message whose hash has another state'(scene: RedisScene) {
    const { redis, keys, partition } = scene
    await scene.send(message('a', { state: FAILED, attention: 'timers' }))
    await redis.hset(keys.message(partition, 'a'), 's', 'todo')
    await scene.store.trim(partition, { state: FAILED, keep: 0, limit: 10 })
    expect(await redis.exists(keys.message(partition, 'a'))).toBe(1)
    expect(await scene.take()).toMatchObject({ id: 'a', state: 'todo' })
  },

  async 'a full server refuses new messages before the first write'(scene: RedisScene) {
    await full(scene, async () => {
      await expect(scene.send(message('a'), message('b'))).rejects.toMatchObject({ code: 'E_REDIS_FULL' })
      expect(await scene.redis.keys(`${scene.keys.base(scene.partition)}*`)).toEqual([])
    })
    expect(await scene.send(message('a'))).toEqual(['created'])
  },

  async 'a full server still lets claims through'(scene: RedisScene) {
    await scene.send(message('a'))
    await full(scene, () => expect(scene.claim()).resolves.toMatchObject({ messages: [{ id: 'a' }] }))
  },

  async 'a full server still lets commits through'(scene: RedisScene) {
    await scene.send(message('a'))
    const done = entry(await scene.take(), {
      state: 'done',
      disposal: 'settle',
      changes: [{ field: 'u', value: 'x'.repeat(100) }],
      transitions: ['"done"'],
    })
    await full(scene, () => expect(scene.commit(done)).resolves.toMatchObject([{ status: 'applied' }]))
    expect(await scene.population()).toEqual({ done: 1 })
  },

  async 'a repeated send writes too: WAIT counts what its own connection wrote'(scene: RedisScene) {
    await again(scene, () => scene.store.enqueue(scene.partition, TOKEN, [message('a')]))
  },

  async 'a repeated delivery writes too: WAIT counts what its own connection wrote'(scene: RedisScene) {
    await scene.send(message('a'))
    await again(scene, () => scene.store.deliver(scene.partition, TOKEN, [{ id: 'a', event: 'E' }]))
  },

  async 'a full server still renews leases'(scene: RedisScene) {
    await scene.send(message('a'))
    const taken = await scene.take()
    const beat = () => scene.store.heartbeat(scene.partition, LONG, [{ ...taken, progress: '"half"' }])
    await full(scene, () => expect(beat()).resolves.toEqual(['renewed']))
  },

  async 'a full server can be emptied'(scene: RedisScene) {
    await scene.send(message('a', { attention: 'timers' }), message('b', { attention: 'timers' }))
    await full(scene, async () => {
      await expect(scene.store.trim(scene.partition, { state: 'todo', keep: 1, limit: 10 })).resolves.toBe(1)
      await expect(scene.store.remove(scene.partition, 'b', newToken())).resolves.toBe('removed')
    })
  },

  async 'a feed can be trimmed on a full server'(scene: RedisScene) {
    const { redis, keys, partition, store } = scene
    for (const text of ['["1"]', '["2"]', '["3"]'])
      await redis.xadd(keys.events(partition), '*', 't', text.padEnd(200_000))
    await store.defineQueue(partition.queue, { partitions: 1, feed: { entries: 2, bytes: 1024 * 1024 } })
    await full(scene, () => expect(pruneTo(scene, { entries: 2, bytes: 1024 * 1024 })).resolves.toBe(1))
    expect(await redis.xlen(keys.events(partition))).toBe(2)
  },

  async 'a reader at the last entry that was trimmed has missed nothing'(scene: RedisScene) {
    const { store, partition } = scene
    const positions: string[] = []
    for (const id of ['a', 'b', 'c', 'd']) {
      await scene.send(message(id))
      positions.push(await store.feedEnd(partition))
    }
    expect(await prune(scene, 2)).toBe(2)
    expect(await store.readFeed(partition, positions[1]!, 10)).toMatchObject({ gap: false })
    expect(await store.readFeed(partition, positions[0]!, 10)).toMatchObject({ gap: true })
  },

  async 'the newest entry of a feed stays, however large it is'(scene: RedisScene) {
    const { redis, keys, partition } = scene
    for (const text of ['["1"]', '["2"]']) await redis.xadd(keys.events(partition), '*', 't', text.padEnd(200_000))
    await prune(scene, 10, 65_536)
    expect(await redis.xlen(keys.events(partition))).toBe(1)
  },

  async 'a large text is kept of what was applied alone'(scene: RedisScene) {
    const { store, partition } = scene
    const large = (name: string) => ({ large: [{ name, text: 'x'.repeat(2000) }] })
    await scene.send(message('a'))
    await scene.send(message('a', large('m:0:a')), message('b', large('m:0:b')))
    const sent = await store.readLarge(partition, await store.feedEnd(partition))
    expect([...sent.keys()]).toEqual(['m:0:b'])
    const taken = await scene.take({ limit: 1 })
    await scene.commit(
      entry({ ...taken, fence: `${taken.fence}0` }, { transitions: ['1'], ...large('o:1') }),
      entry(taken, { transitions: ['2'], ...large('o:2') }),
    )
    const committed = await store.readLarge(partition, await store.feedEnd(partition))
    expect([...committed.keys()]).toEqual(['o:2'])
  },
} satisfies Record<string, (scene: RedisScene) => Promise<void>>

/** The store goes by the definition of the queue, and a patched script by what it is given. */
async function prune({ store, partition }: RedisScene, entries: number, bytes = 1024 * 1024): Promise<number> {
  const bounds: FeedBounds = { entries, bytes }
  await store.defineQueue(partition.queue, { partitions: 1, feed: bounds })
  return pruneTo({ store, partition }, bounds)
}

const pruneTo = ({ store, partition }: Pick<RedisScene, 'store' | 'partition'>, bounds: FeedBounds): Promise<number> =>
  (store.prune as unknown as (at: typeof partition, bounds: FeedBounds) => Promise<number>)(partition, bounds)

/** Calls twice, and looks whether the record of the first call is kept anew. */
async function again({ redis, keys, partition }: RedisScene, call: () => Promise<unknown>): Promise<void> {
  const record = `${keys.base(partition)}:t:${TOKEN}`
  const answer = await call()
  expect(await redis.pexpire(record, LONG / 2)).toBe(1)
  expect(await call()).toEqual(answer)
  expect(await redis.pttl(record)).toBeGreaterThan(LONG / 2)
}

/** Runs with less memory allowed than the server has taken already. */
async function full({ redis }: RedisScene, run: () => Promise<void>): Promise<void> {
  await redis.config('SET', 'maxmemory', '1')
  try {
    await run()
  } finally {
    await redis.config('SET', 'maxmemory', '0')
  }
}
