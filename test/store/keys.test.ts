import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { toRedriveError } from '../../src/store/connection.ts'
import { createKeys, partitionOf } from '../../src/store/keys.ts'
import { createRedisStore } from '../../src/store/redis-store.ts'
import { scriptSource } from '../../src/store/script-source.ts'
import { createScripts } from '../../src/store/scripts.ts'
import type { Store } from '../../src/store/store.ts'
import { openRedis, SETTINGS, type RedisHarness } from './redis-harness.ts'
import { createScene, entry, LONG, message, newToken, nextFence, type Scene } from './scene.ts'

describe('every key and channel of a partition carries its tag', () => {
  /** A user who may touch nothing but the keys and channels of one partition. */
  const OWN = { queue: 'q', index: 1 }
  const OTHER = { queue: 'q', index: 2 }
  let harness: RedisHarness
  let store: Store
  const scene = (): Scene => ({ ...createScene({ ...harness, store }), partition: OWN })

  beforeAll(async () => {
    harness = await openRedis()
    const rights = ['on', '>secret', '~rd:{q:1}*', '~rd:probe', '&rd:{q:1}*', '+@all']
    await harness.redis.call('ACL', 'SETUSER', 'narrow', ...rights)
    const redis = { path: harness.server.socket, username: 'narrow', password: 'secret' }
    store = createRedisStore({ ...SETTINGS, redis })
    await store.ready()
  })
  afterAll(async () => {
    await store.close()
    await harness.close()
  })

  test('what every call does in its partition needs no other', async () => {
    const { commit, deliver } = { ...bound(scene()) }
    const timers = [{ nonce: '0-0', text: 't'.repeat(100), delay: 0 }]
    const ids = ['kept', 'settled', 'removed', 'deleted', 'duplicate', 'idle']
    const end = await store.subscribe(OWN, {
      wake: () => {},
      mail: () => {},
      feed: () => {},
      large: () => {},
      progress: () => {},
    })
    await store.enqueue(OWN, newToken(), [...ids.map((id) => message(id, { timers })), message('kept')])
    const token = newToken()
    const { messages } = await store.claim(OWN, { token, worker: 'w', limit: 5, lease: LONG })
    await store.claim(OWN, { token, worker: 'w', limit: 5, lease: LONG })
    await harness.redis.hset(harness.keys.message(OWN, messages[4]!.id), 's', 'elsewhere')
    await deliver(messages[0]!.id, 'E')
    await store.heartbeat(OWN, LONG, [{ ...messages[0]!, progress: '"half"' }])
    await commit(
      entry(messages[0]!, { disposal: 'keep', state: 'busy', transitions: ['1'] }),
      entry(messages[1]!, { disposal: 'settle', state: 'done', changes: [{ field: 'x', value: 'done' }] }),
      entry(messages[2]!, { disposal: 'remove', transitions: ['3'] }),
    )
    await commit(entry({ ...messages[0]!, state: 'busy', fence: nextFence(messages[0]!) }, { consumed: 1 }))
    await deliver(messages[1]!.id, 'E')
    await store.claim(OWN, { token: newToken(), worker: 'w', limit: 5, lease: LONG })
    expect(await store.trim(OWN, { state: 'done', age: 0, keep: 0, limit: 10 })).toBe(1)
    expect(await store.remove(OWN, messages[3]!.id, token)).toBe('removed')
    await store.pause(OWN, true)
    expect(await store.claim(OWN, { token: newToken(), worker: 'w', limit: 5, lease: LONG })).toMatchObject({
      paused: true,
    })
    await store.pause(OWN, false)
    await store.enqueue(OWN, newToken(), [message('gone')])
    await deliver('gone', 'E')
    expect(await store.discard(OWN, { id: 'gone', token: '', operation: 'op', keepFor: LONG })).toBe('removed')
    expect(await store.restore(OWN, await store.discarded(OWN, 'op'))).toEqual(['restored'])
    expect((await store.read(OWN, [messages[0]!.id]))[0]?.message.state).toBe('busy')
    expect(await store.inbox(OWN, messages[0]!.id)).toEqual([])
    expect(await store.list(OWN, { state: 'busy', offset: 0, limit: 10, newestFirst: true })).toHaveLength(1)
    expect((await store.stats(OWN)).states.size).toBeGreaterThan(2)
    const { entries } = await store.readFeed(OWN, '0', 10)
    expect(await store.readFeed(OWN, entries[0]!.position, 10)).toMatchObject({ gap: false })
    expect(await store.feedEnd(OWN)).toBe(entries.at(-1)!.position)
    const large = [{ name: 'm', text: 'x'.repeat(2000) }]
    await store.enqueue(OWN, newToken(), [message('large', { large })])
    expect((await store.readLarge(OWN, await store.feedEnd(OWN))).size).toBe(1)
    expect(await store.glance(OWN, ['large'])).toEqual([{ state: 'todo' }])
    await store.prune(OWN)
    for (let i = 0; i < 20; i++) await store.answered(OWN, token)
    await end()
    const written = await harness.redis.keys('*')
    expect(written.length).toBeGreaterThan(8)
    expect(written.filter((key) => !key.startsWith('rd:{q:1}:'))).toEqual([])
  })

  test.each<[string, (store: Store) => Promise<unknown>]>([
    ['enqueue', (it) => it.enqueue(OTHER, newToken(), [message('a')])],
    ['claim', (it) => it.claim(OTHER, { token: newToken(), worker: 'w', limit: 1, lease: LONG })],
    ['commit', (it) => it.commit(OTHER, { worker: 'w', lease: LONG, entries: [] })],
    ['heartbeat', (it) => it.heartbeat(OTHER, LONG, [{ id: 'a', fence: '1:x' }])],
    ['deliver', (it) => it.deliver(OTHER, newToken(), [{ id: 'a', event: 'E' }])],
    ['inbox', (it) => it.inbox(OTHER, 'a')],
    ['read', (it) => it.read(OTHER, ['a'])],
    ['list', (it) => it.list(OTHER, { state: 'todo', offset: 0, limit: 1, newestFirst: false })],
    ['stats', (it) => it.stats(OTHER)],
    ['glance', (it) => it.glance(OTHER, ['a'])],
    ['readLarge', (it) => it.readLarge(OTHER, '1-1')],
    ['prune', (it) => it.prune(OTHER)],
    ['trim', (it) => it.trim(OTHER, { state: 'todo', keep: 0, limit: 1 })],
    ['remove', (it) => it.remove(OTHER, 'a', '')],
    ['pause', (it) => it.pause(OTHER, true)],
    ['discard', (it) => it.discard(OTHER, { id: 'a', token: '', operation: 'op', keepFor: 1 })],
    ['restore', (it) => it.restore(OTHER, ['a'])],
    ['readFeed', (it) => it.readFeed(OTHER, '0', 1)],
    ['feedEnd', (it) => it.feedEnd(OTHER)],
    ['subscribe', (it) => it.subscribe(OTHER, { wake: () => {} })],
    ['queues', (it) => it.queues()],
  ])('%s is refused in another', async (_, call) => {
    await expect(call(store)).rejects.toMatchObject({ code: 'E_REDIS_AUTH' })
  })

  test('a script that strays from its partition would be noticed', async () => {
    const client = harness.server.client({ username: 'narrow', password: 'secret' })
    const stray = (name: string): string => scriptSource(name).replace("base .. ':events'", "'rd:{q:2}:events'")
    const { enqueue } = createScripts(client, SETTINGS, stray)
    const refusal: unknown = await enqueue('rd:{q:1}', newToken(), [message('stray')]).catch((error: unknown) => error)
    expect(toRedriveError(refusal, 'here')).toMatchObject({ code: 'E_REDIS_AUTH' })
  })
})

/** The methods of a scene for the user's own partition. */
function bound({ store, partition }: Scene): Pick<Scene, 'commit' | 'deliver'> {
  return {
    commit: async (...entries) => (await store.commit(partition, { worker: 'w', lease: LONG, entries })).results,
    deliver: (id, ...events) =>
      store.deliver(
        partition,
        newToken(),
        events.map((event) => ({ id, event })),
      ),
  }
}

describe('names', () => {
  test('are those that the documentation tells', () => {
    const keys = createKeys('rd')
    const partition = { queue: 'emails', index: 3 }
    expect(keys.base(partition)).toBe('rd:{emails:3}')
    expect(keys.message(partition, 'a:b')).toBe('rd:{emails:3}:m:a:b')
    expect(keys.state(partition, 'review.waiting')).toBe('rd:{emails:3}:s:review.waiting')
    expect(keys.states(partition)).toBe('rd:{emails:3}:states')
    expect(keys.lock(partition, 'a')).toBe('rd:{emails:3}:l:a')
    expect(keys.inbox(partition, 'a')).toBe('rd:{emails:3}:i:a')
    expect(keys.events(partition)).toBe('rd:{emails:3}:events')
    expect(keys.feedChannel(partition)).toBe('rd:{emails:3}:feed')
    expect(keys.wakeChannel(partition)).toBe('rd:{emails:3}:wake')
    expect(keys.queues()).toBe('rd:queues')
  })

  test.each(['', 'a b', 'a:b', '{a}', 'a}', 'ü', 'x'.repeat(33), 'a\n', '*'])('refuse the prefix %j', (prefix) => {
    expect(() => createKeys(prefix)).toThrow(expect.objectContaining({ code: 'E_INVALID_OPTION' }))
  })

  test.each(['r', 'my-app_v1.2', 'x'.repeat(32)])('take the prefix %j', (prefix) => {
    expect(createKeys(prefix).queues()).toBe(`${prefix}:queues`)
  })
})

describe('partitionOf', () => {
  // Published vectors of FNV-1a, 32 bits.
  test.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('of %j is FNV-1a', (id, hash) => {
    expect(partitionOf('q', id, 2 ** 32)).toEqual({ queue: 'q', index: hash })
    expect(partitionOf('q', id, 1024).index).toBe(hash % 1024)
  })

  test('stays as it is: another value would lose stored messages', () => {
    const ids = ['order-17', '注文', '😀', 'a b', '0190a5b2-7c3d-7e4f-8a1b-2c3d4e5f6071']
    expect(ids.map((id) => partitionOf('q', id, 1024).index)).toEqual([174, 496, 184, 498, 358])
  })

  test('of one partition is that one', () => {
    expect(partitionOf('q', 'anything', 1)).toEqual({ queue: 'q', index: 0 })
  })

  test.each([2, 3, 8, 64])('spreads numbered and named ids over %i evenly', (partitions) => {
    for (const name of [(i: number) => String(i), (i: number) => `order-${i}`, (i: number) => `${i}@example.com`]) {
      const counts = Array.from({ length: partitions }, () => 0)
      const each = 400
      for (let i = 0; i < each * partitions; i++) counts[partitionOf('q', name(i), partitions).index]!++
      expect(Math.min(...counts)).toBeGreaterThan(each * 0.7)
      expect(Math.max(...counts)).toBeLessThan(each * 1.3)
    }
  })
})
