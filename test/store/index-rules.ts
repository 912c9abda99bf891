// Rules are run by redis-store.test.ts and by rules.test.ts.
// oxlint-disable jest/no-standalone-expect
import { expect } from '@jest/globals'
import { PARKED, QUARANTINED } from '../../src/store/store.ts'
import type { RedisScene } from './redis-harness.ts'
import { entry, LONG, message, newToken } from './scene.ts'

const HOUR = 3_600_000
const timer = { nonce: '0-0', text: 'wake', delay: HOUR }
const asleep = { attention: 'timers', timers: [timer] } as const

const repair = ({ store, partition }: RedisScene, how: 'look' | 'mend', ...ids: string[]) =>
  store.repair(partition, how, ids)
const scoreOf = async ({ redis, keys, partition }: RedisScene, id: string, state = 'todo'): Promise<number> =>
  Number(await redis.zscore(keys.state(partition, state), id))
const forge = ({ redis, keys, partition }: RedisScene, id: string, score: number, state = 'todo') =>
  redis.zadd(keys.state(partition, state), score, id)
const unlist = ({ redis, keys, partition }: RedisScene, ...ids: string[]) =>
  redis.zrem(keys.state(partition, 'todo'), ...ids)

/** What a repair of the index does, and what it leaves alone. */
export const INDEX_RULES = {
  async 'looking at the index changes nothing'(scene: RedisScene) {
    await scene.send(message('a'))
    await unlist(scene, 'a')
    expect(await repair(scene, 'look', 'a', 'nowhere')).toEqual([['unlisted'], ['missing']])
    expect(await repair(scene, 'look', 'a')).toEqual([['unlisted']])
    expect(await scene.population()).toEqual({})
  },

  async 'an unlisted message is put back when its timer, its inbox or its work is due'(scene: RedisScene) {
    await scene.send(message('timer', asleep), message('mail', asleep), message('idle', { attention: 'timers' }))
    await scene.send(message('work', { ...asleep, fields: { 'I0-1': '+charge' } }))
    const { createdAt } = (await scene.get('idle')).message
    await unlist(scene, 'timer', 'mail', 'idle', 'work')
    await scene.deliver('mail', 'E')
    const before = await scene.now()
    expect(await repair(scene, 'mend', 'timer', 'mail', 'idle', 'work')).toEqual(
      Array.from({ length: 4 }, () => ['unlisted']),
    )
    expect(await scoreOf(scene, 'timer')).toBe((await scene.get('timer')).message.timers[0]!.due)
    expect(await scoreOf(scene, 'mail')).toBeGreaterThanOrEqual(before)
    expect(await scoreOf(scene, 'mail')).toBeLessThan(before + LONG)
    expect(await scoreOf(scene, 'idle')).toBe(PARKED + createdAt)
    expect(await scoreOf(scene, 'work')).toBeLessThan(before + LONG)
    expect(await repair(scene, 'mend', 'timer', 'mail', 'idle', 'work')).toEqual([[], [], [], []])
  },

  async 'an unlisted message that a worker has is due when its lease ends'(scene: RedisScene) {
    await scene.send(message('a'))
    const taken = await scene.take({ lease: LONG })
    const leaseEnd = await scoreOf(scene, 'a')
    await unlist(scene, 'a')
    await repair(scene, 'mend', 'a')
    expect(Math.abs((await scoreOf(scene, 'a')) - leaseEnd)).toBeLessThan(100)
    expect((await scene.claim()).messages).toEqual([])
    expect(await scene.commit(entry(taken))).toMatchObject([{ status: 'applied' }])
  },

  async 'what is due too late is brought forward'(scene: RedisScene) {
    const ids = ['timer', 'mail', 'work', 'lease']
    await scene.send(message('lease'))
    await scene.take({ lease: LONG })
    await scene.send(message('timer', { attention: 'timers', timers: [{ ...timer, delay: LONG }] }))
    await scene.send(message('mail', asleep), message('work', { ...asleep, fields: { 'A0-1': 'pay' } }))
    await scene.deliver('mail', 'E')
    const late = (await scene.now()) + 24 * HOUR
    for (const id of ids) await forge(scene, id, late)
    const found = [['late timer'], ['late inbox'], ['late work'], ['late lease']]
    expect(await repair(scene, 'mend', ...ids)).toEqual(found)
    for (const id of ids) expect(await scoreOf(scene, id)).toBeLessThan((await scene.now()) + LONG + 1)
    expect(await repair(scene, 'look', ...ids)).toEqual([[], [], [], []])
  },

  async 'what is due early, or put off for a moment, is left as it is'(scene: RedisScene) {
    await scene.send(message('early', asleep), message('put off'))
    await scene.deliver('put off', 'E')
    const now = await scene.now()
    await forge(scene, 'early', now - HOUR)
    await forge(scene, 'put off', now + 30_000)
    expect(await repair(scene, 'mend', 'early', 'put off')).toEqual([[], []])
    expect(await scoreOf(scene, 'early')).toBe(now - HOUR)
    expect(await scoreOf(scene, 'put off')).toBe(now + 30_000)
  },

  async 'what was put aside, or is finished, stays parked with all that it holds'(scene: RedisScene) {
    await scene.send(message('aside', { state: QUARANTINED, attention: 'timers', fields: { q: '{}', 'I0-1': '-x' } }))
    await scene.deliver('aside', 'E')
    await forge(scene, 'aside', PARKED, QUARANTINED)
    await scene.send(message('done', { attention: 'timers', fields: { x: 'done', 'I0-1': '+x' } }))
    expect(await repair(scene, 'mend', 'aside', 'done')).toEqual([[], []])
    expect((await scene.claim()).messages).toEqual([])
  },

  async 'a message is taken out of the sets in which it does not belong'(scene: RedisScene) {
    await scene.send(message('a', asleep), message('b', { ...asleep, state: 'else' }))
    await forge(scene, 'a', 1, 'else')
    expect(await repair(scene, 'mend', 'a', 'b')).toEqual([['misplaced'], []])
    expect(await scene.population()).toEqual({ todo: 1, else: 1 })
  },

  async 'a state that is not on the list is put there'(scene: RedisScene) {
    await scene.send(message('a'))
    await scene.redis.srem(scene.keys.states(scene.partition), 'todo')
    expect((await scene.claim()).messages).toEqual([])
    expect(await repair(scene, 'mend', 'a')).toEqual([['unnamed']])
    expect(await scene.take()).toMatchObject({ id: 'a' })
  },

  async 'what is no message is told and left alone'(scene: RedisScene) {
    const { redis, keys, partition } = scene
    await redis.set(keys.message(partition, 'text'), 'hello')
    await redis.hset(keys.message(partition, 'hash'), 'name', 'ada')
    expect(await repair(scene, 'mend', 'text', 'hash')).toEqual([['foreign'], ['foreign']])
    expect(await redis.get(keys.message(partition, 'text'))).toBe('hello')
  },

  async 'a member is forgotten when its message was missing for long, and not before'(scene: RedisScene) {
    const { redis, keys, partition, store } = scene
    const forget = (missingFor: number) => store.forget(partition, { missingFor, limit: 10 })
    await scene.send(message('gone'), message('back'))
    const kept = await redis.dumpBuffer(keys.message(partition, 'back'))
    await redis.del(keys.message(partition, 'gone'), keys.message(partition, 'back'))
    await scene.claim()
    expect(await forget(LONG)).toBe(0)
    expect(await scene.population()).toEqual({ todo: 2 })
    await redis.restore(keys.message(partition, 'back'), 0, kept)
    expect(await forget(0)).toBe(1)
    expect(await scene.population()).toEqual({ todo: 1 })
    expect(await redis.exists(keys.missing(partition))).toBe(0)
  },

  async 'what is named is forgotten at once, unless its message is there'(scene: RedisScene) {
    const { redis, keys, partition, store } = scene
    await scene.send(message('gone'), message('there'))
    await scene.deliver('gone', 'E')
    await redis.del(keys.message(partition, 'gone'))
    const ids = ['gone', 'there', 'never']
    expect(await store.forget(partition, { missingFor: HOUR, limit: 10, ids })).toBe(1)
    expect(await scene.population()).toEqual({ todo: 1 })
    expect(await redis.exists(keys.inbox(partition, 'gone'))).toBe(0)
    expect(await scene.send(message('gone'))).toEqual(['created'])
  },

  async 'a storm of refused sends leaves nothing behind'(scene: RedisScene) {
    const { redis, keys, partition, store } = scene
    await scene.send(message('a'))
    const before = await redis.dbsize()
    for (let i = 0; i < 5; i++) await store.enqueue(partition, newToken(), [message('b')], { messages: 1 })
    expect(await redis.dbsize()).toBe(before)
    expect(await redis.exists(keys.message(partition, 'b'))).toBe(0)
  },
} satisfies Record<string, (scene: RedisScene) => Promise<void>>
