import { afterAll, beforeAll, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { createRedisScene, openRedis, type RedisHarness, type RedisScene } from './redis-harness.ts'
import { entry, message, newToken } from './scene.ts'

let harness: RedisHarness
beforeAll(async () => {
  harness = await openRedis()
})
afterAll(() => harness.close())

const BOUND = { bytes: 4000 }
const IDS = ['a', 'b', 'c', 'd', 'e']

/** What may happen to a message, in any order and more than once. */
const STEPS = {
  'send under the bound': async ({ store, partition }: RedisScene, id: string, size: number) => {
    await store.enqueue(partition, newToken(), [message(id, { fields: { p: 'é'.repeat(size) } })], BOUND)
  },
  'send without one': async ({ send }: RedisScene, id: string) => void (await send(message(id))),
  'send one twice in a call, and the call twice': async ({ store, partition }: RedisScene, id: string) => {
    const token = newToken()
    for (let i = 0; i < 2; i++) await store.enqueue(partition, token, [message(id), message(id)], BOUND)
  },
  'a commit that changes all': async ({ claim, commit }: RedisScene) => {
    for (const each of (await claim()).messages)
      await commit(entry(each, { changes: [{ field: 'c', value: 'much'.repeat(500) }], attention: 'now' }))
  },
  'a commit that settles': async ({ claim, commit }: RedisScene) => {
    for (const each of (await claim({ limit: 2 })).messages)
      await commit(entry(each, { state: 'done', disposal: 'settle' }))
  },
  'a commit that removes, twice': async ({ claim, commit }: RedisScene) => {
    for (const each of (await claim({ limit: 2 })).messages)
      for (let i = 0; i < 2; i++) await commit(entry(each, { disposal: 'remove' }))
  },
  remove: async ({ store, partition }: RedisScene, id: string) => void (await store.remove(partition, id, newToken())),
  trim: async ({ store, partition }: RedisScene) =>
    void (await store.trim(partition, { state: 'done', keep: 1, limit: 10 })),
} as const

async function sumOf({ redis, keys, partition }: RedisScene): Promise<number> {
  const sizes = await Promise.all(IDS.map((id) => redis.hget(keys.message(partition, id), 'z')))
  return sizes.reduce((sum, size) => sum + Number(size ?? 0), 0)
}

test('the count of bytes is that of the messages that are there, whatever happens to them', async () => {
  const step = fc.tuple(
    fc.constantFrom(...(Object.keys(STEPS) as (keyof typeof STEPS)[])),
    fc.constantFrom(...IDS),
    fc.nat(800),
  )
  let refilled = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const scene = createRedisScene(harness)
      const { redis, keys, partition } = scene
      for (const [name, id, size] of steps) {
        await STEPS[name](scene, id, size)
        const counted = Number((await redis.get(keys.bytes(partition))) ?? 0)
        expect(counted).toBe(await sumOf(scene))
        expect(counted).toBeLessThanOrEqual(BOUND.bytes)
        if (counted > 0) refilled++
      }
    }),
    { numRuns: 60 },
  )
  expect(refilled).toBeGreaterThan(100)
})
