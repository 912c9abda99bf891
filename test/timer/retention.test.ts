import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Redis } from 'ioredis'
import type { Queue, QueueOptions } from '../../src/index.ts'
import { onRedis, until } from '../support/backends.ts'

/** Memory of the server may still move by so much: its buffers, and the last nodes of the feed. */
const TOLERANCE = 0.05

let backend: Awaited<ReturnType<typeof onRedis>>
let server: Redis
beforeAll(async () => {
  backend = await onRedis()
  server = backend.redis.client()
})
afterAll(() => backend.stop())

/** Without what claims and sends leave for a minute to answer a repetition: that grows with their number in a minute, and no more. */
async function usedMemory(): Promise<number> {
  const records = await server.keys('rd:*:t:*')
  for (let i = 0; i < records.length; i += 1000) await server.del(...records.slice(i, i + 1000))
  return Number(/^used_memory:(\d+)/m.exec(await server.info('memory'))![1])
}
const succeeded = async (queue: Queue): Promise<number> => (await queue.stats()).states['succeeded'] ?? 0

/** Takes messages through, and returns the memory of the server after each quarter, when its workers have swept. */
async function quarters(queue: Queue, messages: number, swept: () => Promise<boolean>): Promise<number[]> {
  const worker = queue.work(() => 'x'.repeat(100), { concurrency: 200 })
  const memory: number[] = []
  for (let quarter = 0; quarter < 4; quarter++) {
    for (let i = 0; i < messages / 4; i += 1000)
      await queue.sendBulk(Array.from({ length: 1000 }, (_, j) => ({ input: { n: i + j, text: 'y'.repeat(200) } })))
    await until(async () => worker.stats().processed >= ((quarter + 1) * messages) / 4, 60_000)
    await until(swept, 60_000)
    memory.push(await usedMemory())
  }
  await worker.stop()
  return memory
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
  const [, second, , fourth] = await quarters(queue, 8000, async () => (await succeeded(queue)) < 1000)
  expect(fourth! / second!).toBeLessThan(1 + TOLERANCE)
  await queue.trim()
  // All are of about the same size here, so the estimate is a good one.
  expect(await measure()).toBeLessThan(bytes * 1.02)
  expect(await measure()).toBeGreaterThan(bytes * 0.9)
}, 180_000)
