import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Redis } from 'ioredis'
import { examine } from '../../../src/client/doctor/examine.ts'
import { createKeys } from '../../../src/store/keys.ts'
import { onRedis, until } from '../../support/backends.ts'

let backend: Awaited<ReturnType<typeof onRedis>>
let redis: Redis
beforeAll(async () => {
  backend = await onRedis()
  redis = backend.redis.client()
})
afterAll(() => backend.stop())

const keys = createKeys('rd')
const partition = { queue: 'live', index: 0 }
const MESSAGES = 2000
const ROUNDS = 20
const LIVE = ['pending', 'processing', 'retrying']

/** Takes members out, puts them into wrong sets and pushes their scores beyond every date, wherever there are some just now. */
async function damage(round: number): Promise<number> {
  let done = 0
  for (const state of LIVE) {
    const key = keys.state(partition, state)
    const ids = await redis.zrandmember(key, 12)
    for (const [i, id] of ids.entries()) {
      done++
      if (i % 3 === 0) await redis.zrem(key, id)
      // `XX`: what a worker has taken further meanwhile must not be brought back by the test itself.
      else if (i % 3 === 1) await redis.zadd(key, 'XX', 4e15 + round, id)
      else await redis.zadd(keys.state(partition, LIVE[(LIVE.indexOf(state) + 1) % 3]!), 4e15, id)
    }
  }
  if (round % 4 === 0) await redis.srem(keys.states(partition), 'retrying')
  return done
}

test('an index that is damaged under work is repaired under work: nothing is lost, and nothing is done twice', async () => {
  const runs = new Map<string, number>()
  const queue = backend.open().queue(partition.queue, { retry: { backoff: { delay: 10, jitter: 'none' } } })
  const work = () =>
    backend
      .open()
      .queue(partition.queue, { retry: { backoff: { delay: 10, jitter: 'none' } } })
      .work(
        async ({ n }: { n: number }, { attempt }) => {
          const key = `${n}/${attempt}`
          runs.set(key, (runs.get(key) ?? 0) + 1)
          await new Promise((resolve) => setTimeout(resolve, n % 20))
          if (n % 3 === 0 && attempt === 1) throw new Error('once more')
        },
        { concurrency: 20 },
      )
  const workers = [work(), work()]
  const repair = () =>
    examine({ redis: backend.redis.url, prefix: 'rd', commandTimeout: 10_000, repair: true, remove: true })
  let [damaged, repaired] = [0, 0]
  for (let round = 0; round < ROUNDS; round++) {
    const bulk = Array.from({ length: MESSAGES / ROUNDS }, (_, i) => round * (MESSAGES / ROUNDS) + i)
    await queue.sendBulk(bulk.map((n) => ({ input: { n }, id: `m${n}` })))
    damaged += await damage(round)
    for (const { repaired: count = 0 } of (await repair()).findings) repaired += count
  }
  await repair()
  await until(async () => (await queue.stats()).states['succeeded'] === MESSAGES, 60_000)
  await Promise.all(workers.map((worker) => worker.stop()))

  expect([...runs].filter(([, count]) => count > 1)).toEqual([])
  expect(runs.size).toBe(MESSAGES + Math.ceil(MESSAGES / 3))
  // What fell on messages that a worker was just taking further was put right by its commit.
  expect(damaged).toBeGreaterThan(200)
  expect(repaired).toBeGreaterThan(50)
  await repair()
  expect((await repair()).findings.filter(({ queue: of }) => of === partition.queue)).toEqual([])
}, 120_000)
