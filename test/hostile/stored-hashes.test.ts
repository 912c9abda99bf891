/** What another program has done to stored messages: they are put aside or go on legally, and stand in nobody's way. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import type { Redis } from 'ioredis'
import { NonRetryableError, SnoozeError, type Message, type Queue } from '../../src/index.ts'
import { hasCode } from '../../src/errors.ts'
import { QUARANTINED } from '../../src/store/store.ts'
import { gate, onRedis, until } from '../support/backends.ts'
import { damage, type Damage } from './damage.ts'
import { attack, checkPrototypes, LONG } from './fuzz.ts'

let backend: Awaited<ReturnType<typeof onRedis>>
let redis: Redis
/** A message as it lies in Redis, of each state. */
let originals: readonly { readonly state: string; readonly dump: Buffer }[]

beforeAll(async () => {
  backend = await onRedis()
  redis = backend.redis.client()
  originals = await takeOriginals()
})
afterAll(() => backend.stop())

const PATIENT = { retry: { attempts: 3, backoff: { type: 'fixed', delay: '1h', jitter: 'none' } } } as const
const keyOf = (queue: string, id: string) => (kind: string) => `rd:{${queue}:0}:${kind}:${id}`

async function takeOriginals(): Promise<{ state: string; dump: Buffer }[]> {
  const queue = backend.open().queue<{ as: string; card: string; lines: number[] }>('originals', PATIENT)
  const states = ['succeeded', 'dead', 'retrying', 'pending', 'processing']
  const hang = gate()
  const worker = queue.work(async ({ as }) => {
    if (as === 'dead') throw new NonRetryableError('it is dead')
    if (as === 'retrying') throw new SnoozeError(3_600_000)
    if (as === 'processing') await hang.opened
    return { fine: 'é'.repeat(50) }
  })
  for (const as of states)
    await queue.send(
      { as, card: '4111', lines: [1, 2, 3] },
      {
        id: as,
        ...(as === 'pending' ? { delay: '1h' } : {}),
      },
    )
  for (const as of states) await until(async () => (await queue.get(as))?.state === as)
  const dumps = await Promise.all(
    states.map(async (state) => ({ state, dump: await redis.dumpBuffer(keyOf('originals', state)('m')) })),
  )
  hang.open()
  await worker.stop()
  return dumps
}

interface Victim {
  readonly state: string
  readonly damages: readonly Damage[]
}

const victim: fc.Arbitrary<Victim> = fc.record({
  state: fc.constantFrom('succeeded', 'dead', 'retrying', 'pending', 'processing'),
  damages: fc.array(damage, { minLength: 1, maxLength: 3 }),
})
const victims = fc
  .array(victim, { minLength: 1, maxLength: 8 })
  .map((list) => Object.assign(list, { [fc.toStringMethod]: () => list.map(told).join('\n') }))
const told = ({ state, damages }: Victim): string =>
  `a ${state} one with ${damages.map(({ what }) => what).join(', then ')}`

/** Puts the victims into a queue of their own, as messages that are due, beside two good ones. */
async function lay(name: string, list: readonly Victim[]): Promise<void> {
  for (const [i, { state, damages }] of list.entries()) {
    const key = keyOf(name, `v${i}`)
    await redis.restore(key('m'), 0, originals.find((each) => each.state === state)!.dump)
    for (const { apply } of damages)
      await apply(redis, key).catch((error: unknown) => {
        // Two damages in a row may not fit each other: a field of what is a string by now.
        if (!/WRONGTYPE/.test(String(error))) throw error
      })
    await redis.sadd(`rd:{${name}:0}:states`, state)
    await redis.zadd(`rd:{${name}:0}:s:${state}`, 1, `v${i}`)
  }
}

async function everything(queue: Queue): Promise<Message[]> {
  const { states } = await queue.stats()
  const lists = await Promise.all(Object.keys(states).map((state) => queue.list({ state, limit: 1000 })))
  return lists.flat()
}

let cases = 0

test(
  'the good messages beside them go on, and each of them is told with its reason or goes on legally',
  async () => {
    const unhandled: unknown[] = []
    const hear = (error: unknown): unknown => unhandled.push(error)
    process.on('unhandledRejection', hear)
    try {
      await attack(
        fc.asyncProperty(victims, async (list) => {
          const name = `hurt${++cases}`
          const client = backend.open()
          const queue = client.queue(name, PATIENT)
          await queue.stats()
          await lay(name, list)
          await everything(queue)
          const worker = queue.work(() => 'ok')
          await queue.sendBulk([
            { input: 1, id: 'good1' },
            { input: 2, id: 'good2' },
          ])
          expect(await queue.result('good1', { timeout: '60s' })).toBe('ok')
          await until(async () => {
            const { nextDue, now } = await queue.stats()
            return (nextDue === null || nextDue > now) && worker.stats().active === 0 && worker.stats().prefetched === 0
          })
          const settled = await standing(name, list.length)
          // Nothing is taken up again and again: it stands as it stood, however many others pass.
          await queue.send(3, { id: 'good3' })
          expect(await queue.result('good3', { timeout: '60s' })).toBe('ok')
          expect(await standing(name, list.length)).toEqual(settled)
          const messages = await everything(queue)
          for (const [i] of list.entries()) {
            const shown = messages.find(({ id }) => id === `v${i}`)
            expect(await queue.get(`v${i}`)).toEqual(shown)
            expect(shown?.state !== QUARANTINED || (shown.quarantine?.reason.length ?? 0) > 0).toBe(true)
            expect(settled[i]!.owner).toBe(null)
            expect(Number(settled[i]!.revision ?? 0)).toBeLessThan(1e14)
          }
          for (const { id, state } of messages) if (state === QUARANTINED) await letGo(queue, id)
          expect(messages.filter(({ id }) => id.startsWith('good'))).toHaveLength(3)
          await client.close({ timeout: 0 })
          expect(unhandled).toEqual([])
          checkPrototypes()
          await redis.flushall()
        }),
        { sample: 120, share: 0.1, batch: 4 },
      )
    } finally {
      process.off('unhandledRejection', hear)
    }
  },
  LONG,
)

/** The commands that are for what was put aside do something about it, or say why not. */
async function letGo(queue: Queue, id: string): Promise<void> {
  const refused = await queue.release(id).catch((error: unknown) => error)
  if (refused instanceof Error && !hasCode(refused, 'E_FOREIGN_KEY')) throw refused
  else
    await until(
      async () => ((await queue.get(id))?.inbox.length ?? 0) === 0 || (await queue.get(id))?.state === QUARANTINED,
    )
  await until(() =>
    queue.remove(id).then(
      () => true,
      (error: unknown) => {
        if (!hasCode(error, 'E_LOCKED')) throw error
        return false
      },
    ),
  )
  expect(await queue.get(id)).toBeUndefined()
}

/** Owner, revision and place of each victim. */
async function standing(name: string, count: number): Promise<{ owner: string | null; revision: string | null }[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const [owner = null, revision = null] = await redis.hmget(keyOf(name, `v${i}`)('m'), 'o', 'r').catch(() => [])
      return { owner, revision }
    }),
  )
}
