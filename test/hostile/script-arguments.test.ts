/** The scripts of Redis beside the store in memory: whatever ids, states, fields and events are, both do the same, and the index fits. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import type { Partition, Store } from '../../src/store/store.ts'
import { openMemory } from '../store/memory-harness.ts'
import { openRedis, type RedisHarness } from '../store/redis-harness.ts'
import { entry, LONG as SLEEP, message } from '../store/scene.ts'
import type { StoreHarness } from '../store/scene.ts'
import { attack, checkPrototypes, LONG } from './fuzz.ts'
import { TEXTS } from './values.ts'

let redis: RedisHarness
let memory: StoreHarness
beforeAll(async () => {
  redis = await openRedis()
  memory = openMemory()
})
afterAll(async () => {
  await redis.close()
  await memory.close()
})

const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text)
/** Half characters cannot be in UTF-8; no door lets them through. */
const words = TEXTS.filter((word) => isWellFormed(word) && word.length < 1000)
const word = fc.oneof(
  fc.constantFrom(...words),
  fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => isWellFormed(text)),
)
const few = fc.constantFrom('a', 'b', '__proto__', 'c:{d}', '\u0000\n', '-1')
const name = fc.oneof({ weight: 3, arbitrary: few }, word)
const long = fc.oneof(
  word,
  fc.nat(9000).map((length) => 'é"\n'.repeat(length)),
)
const bound = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined })

/** What a call answers, without what is the store's own: times, and the order of equals. */
type Step = (store: Store, at: Partition, token: string) => Promise<unknown>

const step: fc.Arbitrary<readonly [string, Step]> = fc.oneof(
  fc
    .tuple(
      name,
      fc.oneof(few, word),
      fc.dictionary(fc.constantFrom('m', 'c', 'p', 'u'), long),
      bound,
      fc.integer({ min: 0, max: 1e9 }),
    )
    .map(([id, state, fields, messages, delay]): readonly [string, Step] => [
      `enqueue ${JSON.stringify([id, state])}`,
      (store, at, token) =>
        store.enqueue(
          at,
          token,
          [
            message(id, {
              state,
              fields,
              attention: 'timers',
              timers: [{ nonce: '1', text: id, delay: delay + SLEEP }],
            }),
          ],
          messages === undefined ? {} : { messages },
        ),
    ]),
  fc
    .tuple(name, long, fc.option(name, { nil: undefined }), bound)
    .map(([id, event, eventId, room]): readonly [string, Step] => [
      `deliver ${JSON.stringify(id)}`,
      (store, at, token) =>
        store.deliver(at, token, [{ id, event, ...(eventId ? { eventId } : {}), ...(room ? { room } : {}) }]),
    ]),
  fc.tuple(name, long).map(([state, value]): readonly [string, Step] => [
    `claim and commit to ${JSON.stringify(state)}`,
    async (store, at, token) => {
      const { messages } = await store.claim(at, { token, worker: value.slice(0, 50), limit: 1, lease: SLEEP })
      if (messages.length !== 1) return messages.length
      const [claimed] = messages
      const { results } = await store.commit(at, {
        worker: 'w',
        lease: SLEEP,
        entries: [
          entry(claimed!, {
            state,
            entered: true,
            disposal: 'settle',
            clearTimers: claimed!.timers,
            changes: [
              { field: 'x', value: 'done' },
              { field: 'u', value, ...(claimed!.fields['u'] === undefined ? {} : { previous: claimed!.fields['u'] }) },
            ],
            consumed: claimed!.inbox.length,
          }),
        ],
      })
      return [claimed!.inbox, claimed!.state, results]
    },
  ]),
  name.map((id): readonly [string, Step] => [
    `remove ${JSON.stringify(id)}`,
    (store, at, token) => store.remove(at, id, token),
  ]),
  name.map((id): readonly [string, Step] => [
    `discard and restore ${JSON.stringify(id)}`,
    async (store, at, token) => [
      await store.discard(at, { id, token, operation: token, keepFor: SLEEP }),
      await store.restore(at, [id]),
    ],
  ]),
  name.map((id): readonly [string, Step] => [
    `repair ${JSON.stringify(id)}`,
    (store, at) => store.repair(at, 'mend', [id]),
  ]),
  fc
    .boolean()
    .map((paused): readonly [string, Step] => [
      'pause',
      async (store, at) => [await store.pause(at, paused), await store.pause(at, false)],
    ]),
)

const steps = fc
  .array(step, { minLength: 1, maxLength: 12 })
  .map((list) => Object.assign(list, { [fc.toStringMethod]: () => list.map(([what]) => what).join('; ') }))

async function seen(store: Store, at: Partition): Promise<unknown> {
  const { states } = await store.stats(at)
  const told: unknown[] = []
  for (const state of [...states.keys()].toSorted()) {
    const listed = await store.list(at, { state, offset: 0, limit: 100, newestFirst: false })
    const messages = listed.map(({ message: { id, fields, inbox, timers, revision, state: is } }) => ({
      id,
      fields,
      inbox,
      revision,
      is,
      timers: timers.map(({ nonce, text }) => [nonce, text]),
    }))
    told.push([state, messages.toSorted((a, b) => (a.id < b.id ? -1 : 1))])
  }
  return told.filter((each) => (each as [string, unknown[]])[1].length > 0)
}

let count = 0

test(
  'both stores do the same, and what they have fits together',
  async () => {
    const fate = await attack(
      fc.asyncProperty(steps, async (list) => {
        const at = { queue: `q${++count}`, index: 0 }
        const token = (i: number): string => `${String(count).padStart(16, '0')}${String(i).padStart(16, '0')}`
        for (const [i, [, run]] of list.entries()) {
          const [real, model] = [await run(redis.store, at, token(i)), await run(memory.store, at, token(i))]
          expect(real).toEqual(model)
        }
        expect(await seen(redis.store, at)).toEqual(await seen(memory.store, at))
        const { states } = await redis.store.stats(at)
        for (const state of states.keys()) {
          const ids = (await redis.store.list(at, { state, offset: 0, limit: 100, newestFirst: false })).map(
            (listed) => listed.message.id,
          )
          expect((await redis.store.repair(at, 'look', ids)).flat()).toEqual([])
        }
        checkPrototypes()
      }),
      { sample: 400, share: 0.15, batch: 6 },
    )
    expect(fate).toBe('held')
  },
  LONG,
)
