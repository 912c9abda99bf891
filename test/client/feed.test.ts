import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMemoryStore, Redrive, type Queue } from '../../src/index.ts'
import { inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

const QUICK = { retention: { succeeded: 0 } } as const

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('the feed of a queue on %s', (_, openBackend) => {
  let backend: TestBackend
  let queues = 0
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())
  const fresh = (options = {}): Queue => backend.open().queue(`feed-${++queues}`, { ...QUICK, ...options })

  test.each([1, 3])(
    'tells every transition in its order, and resumes where a reader left off (%i partitions)',
    async (partitions) => {
      const queue = fresh({ partitions })
      queue.work(() => 'ok')
      await queue.sendBulk(Array.from({ length: 30 }, (_unused, i) => ({ input: i, id: `m${i}` })))
      const seen = new Map<string, string[]>()
      let position = 'start'
      let count = 0
      // A new reader after every seventh transition, as if the process had been restarted.
      while (count < 90) {
        const controller = new AbortController()
        let inThis = 0
        for await (const transition of queue.feed({ from: position, signal: controller.signal })) {
          seen.set(transition.id, [...(seen.get(transition.id) ?? []), transition.to])
          position = transition.position
          if (++count === 90) break
          if (++inThis >= 7) controller.abort()
        }
      }
      expect(seen.size).toBe(30)
      for (const states of seen.values()) expect(states).toEqual(['pending', 'processing', 'succeeded'])
    },
  )

  test('tells the very times that the journals have, read and announced, though the batch took a while to write', async () => {
    const queue = fresh()
    const announced = new Map<string, number>()
    queue.on('transition', ({ id, at }) => void announced.set(id, at))
    await queue.sendBulk(Array.from({ length: 1000 }, (_unused, i) => ({ input: i, id: `m${i}` })))
    await until(() => announced.size === 1000)
    const read = new Map<string, number>()
    for await (const { id, at } of queue.feed({ from: 'start' })) if (read.set(id, at).size === 1000) break
    const journals = await Promise.all(
      [...read.keys()].map(async (id) => [id, (await queue.history(id))[0]?.at] as const),
    )
    expect([read, announced]).toEqual([new Map(journals), new Map(journals)])
  })

  test('one who stops within the transitions of a batch goes on with the next of them', async () => {
    const queue = fresh()
    await queue.send('x', { id: 'before' })
    await queue.sendBulk(Array.from({ length: 9 }, (_unused, i) => ({ input: i, id: `m${i}` })))
    const seen: string[] = []
    let position = 'start'
    while (seen.length < 10) {
      for await (const { id, position: reached } of queue.feed({ from: position })) {
        seen.push(id)
        position = reached
        // As if the process had died here.
        break
      }
    }
    expect(seen).toEqual(['before', ...Array.from({ length: 9 }, (_unused, i) => `m${i}`)])
  })

  test('from "now" it tells what comes, not what was', async () => {
    const queue = fresh()
    await queue.send('x', { id: 'before' })
    const seen: string[] = []
    const controller = new AbortController()
    const reading = (async () => {
      for await (const { id } of queue.feed({ signal: controller.signal })) {
        seen.push(id)
        controller.abort()
      }
    })()
    await queue.stats()
    await queue.send('y', { id: 'after' })
    await reading
    expect(seen).toEqual(['after'])
  })

  test('a position that is none is refused', async () => {
    const queue = fresh()
    await expect(queue.feed({ from: 'yesterday' }).next()).rejects.toMatchObject({ code: 'E_INVALID_OPTION' })
    await expect(queue.feed({ from: '1-1,2-2' }).next()).rejects.toMatchObject({ code: 'E_INVALID_OPTION' })
  })
})

describe('a reader that comes back too late is told that entries are missing', () => {
  async function comesBackLate(redrive: Redrive): Promise<unknown> {
    const queue = redrive.queue('late')
    for (let i = 0; i < 3; i++) await queue.send(i)
    const positions: string[] = []
    for await (const { position } of queue.feed({ from: 'start' })) if (positions.push(position) === 1) break
    for (let i = 0; i < 3; i++) await queue.send(i)
    const answer = await queue
      .feed({ from: positions[0]! })
      .next()
      .catch((error: unknown) => error)
    await redrive.close()
    return answer
  }

  test('in memory', async () => {
    const redrive = new Redrive({ store: createMemoryStore({ feed: 1 }) })
    expect(await comesBackLate(redrive)).toMatchObject({ code: 'E_FEED_GAP' })
  })

  test('on Redis', async () => {
    // Streams are trimmed by whole nodes, of a hundred entries by default.
    const backend = await onRedis({ 'stream-node-max-entries': '1' })
    expect(await comesBackLate(backend.open({ feed: 1 }))).toMatchObject({ code: 'E_FEED_GAP' })
    await backend.stop()
  })
})

describe('on Redis', () => {
  let backend: Awaited<ReturnType<typeof onRedis>>
  beforeAll(async () => {
    backend = await onRedis()
  })
  afterAll(() => backend.stop())

  test('nothing is missed across broken connections: callbacks, results and the feed', async () => {
    const queue = backend.open().queue('broken', { retention: { succeeded: '1h' } })
    const listener = backend.open().queue('broken', { retention: { succeeded: '1h' } })
    const succeeded = new Set<string>()
    listener.on('succeeded', ({ id }) => succeeded.add(id))
    await listener.stats()
    queue.work(() => 'ok', { concurrency: 5 })
    const client = backend.redis.client()
    for (let round = 0; round < 10; round++) {
      const sends = Array.from({ length: 20 }, (_, i) => queue.send(i, { id: `${round}-${i}` }))
      await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
      expect((await Promise.all(sends)).every(({ status }) => status === 'created')).toBe(true)
    }
    expect(await queue.result('9-19', { timeout: '20s' })).toBe('ok')
    await until(() => succeeded.size === 200, 20_000)
    expect((await queue.stats()).states).toMatchObject({ pending: 0, processing: 0, succeeded: 200 })
  })

  test('sends of one tick travel together, some thirty in a call', async () => {
    const queue = backend.open().queue('together', QUICK)
    await queue.stats()
    const client = backend.redis.client()
    const calls = async (): Promise<number> =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0)
    await queue.send('warm', { id: 'warm' })
    const before = await calls()
    await Promise.all(Array.from({ length: 80 }, (_, i) => queue.send(i)))
    expect((await calls()) - before).toBe(3)
  })

  test('a wake-up is not needed: a message whose announcement was lost is claimed within a second or so', async () => {
    const queue = backend.open().queue('unheard', QUICK)
    const worker = queue.work(() => 'ok')
    await worker.ready()
    await queue.send('x', { id: 'a', delay: '1h' })
    // Made due behind everybody's back.
    const client = backend.redis.client()
    const due = Date.now() - 1
    await client.hset('rd:{unheard:0}:m:a', 'T0-0', due)
    await client.zadd('rd:{unheard:0}:s:pending', due, 'a')
    await until(async () => (await queue.get('a')) === undefined)
    expect(worker.stats().lag.max).toBeLessThan(10_000)
  })

  test('an eviction policy that loses messages is a loud warning', async () => {
    const client = backend.redis.client()
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru')
    const warnings: string[] = []
    const logger = { debug() {}, info() {}, warn: (text: string) => warnings.push(text), error() {} }
    await backend.open({ logger }).ready()
    expect(warnings.join()).toMatch(/allkeys-lru.*DELETE MESSAGES/)
    await client.config('SET', 'maxmemory-policy', 'noeviction')
  })
})
