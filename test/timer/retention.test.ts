import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Redis } from 'ioredis'
import type { Queue, QueueOptions } from '../../src/index.ts'
import { onRedis, until } from '../support/backends.ts'

/** Ids and times differ in length by a byte or two, and in how well they compress. */
const TOLERANCE = 0.03

let backend: Awaited<ReturnType<typeof onRedis>>
let server: Redis
beforeAll(async () => {
  backend = await onRedis()
  server = backend.redis.client()
})
afterAll(() => backend.stop())

/**
 * The bytes of all that a queue keeps, as the server writes them out, but for keys with a bound of their own: what claims and sends leave for
 * a minute to answer a repetition, and the feed, whose entries are as long as the commits were large. Written out, because in memory a
 * sorted set keeps the slots that it had at its fullest: how full it was before a sweep is a matter of chance.
 */
async function bytesOf(queue: Queue): Promise<number> {
  const keys = await server.keys(`rd:{${queue.name}:0}:*`)
  const kept = keys.filter((key) => !/:(t:[^:]*|events)$/.test(key))
  const dumps = await Promise.all(kept.map((key) => server.dumpBuffer(key)))
  return dumps.reduce((sum, dump) => sum + (dump?.length ?? 0), 0)
}
const succeeded = async (queue: Queue): Promise<number> => (await queue.stats()).states['succeeded'] ?? 0

/** Takes messages through, and returns what is kept after each quarter, when its workers have swept. */
async function quarters(queue: Queue, messages: number, swept: () => Promise<boolean>): Promise<number[]> {
  const worker = queue.work(() => 'x'.repeat(100), { concurrency: 200 })
  const kept: number[] = []
  for (let quarter = 0; quarter < 4; quarter++) {
    for (let i = 0; i < messages / 4; i += 1000)
      await queue.sendBulk(Array.from({ length: 1000 }, (_, j) => ({ input: { n: i + j, text: 'y'.repeat(200) } })))
    await until(async () => worker.stats().processed >= ((quarter + 1) * messages) / 4, 60_000)
    await until(swept, 60_000)
    kept.push(await bytesOf(queue))
  }
  await worker.stop()
  return kept
}

const fresh = (name: string, options: QueueOptions): Queue => backend.open({ feed: 50 }).queue(name, options)

test('a count keeps the memory flat while workers sweep', async () => {
  const queue = fresh('counted', { retention: { succeeded: { count: 500 } } })
  const [, second, , fourth] = await quarters(queue, 20_000, async () => (await succeeded(queue)) <= 500)
  expect(fourth! / second!).toBeLessThan(1 + TOLERANCE)
  expect(await succeeded(queue)).toBe(500)
}, 180_000)

test('bytes keep the memory flat, and mean what the server counts', async () => {
  const bytes = 500_000
  const queue = fresh('weighed', { retention: { succeeded: { bytes } } })
  const measure = async (): Promise<number> => {
    const keys = await server.keys('rd:{weighed:0}:m:*')
    const sizes = await Promise.all(keys.map((key) => server.memory('USAGE', key)))
    return sizes.reduce((sum: number, size) => sum + Number(size), 0)
  }
  // All are of about the same size here, so the estimate is a good one.
  const [, second, , fourth] = await quarters(queue, 8000, async () => (await measure()) < bytes * 1.02)
  expect(fourth! / second!).toBeLessThan(1 + TOLERANCE)
  expect(await measure()).toBeGreaterThan(bytes * 0.9)
}, 180_000)
