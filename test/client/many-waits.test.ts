import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { insideOf } from '../../src/client/inside.ts'
import { createFeedWatch } from '../../src/client/feed-watch.ts'
import { createMemoryStore, Redrive, silentLogger, type Queue } from '../../src/index.ts'
import type { MemoryStore } from '../../src/store/memory-store.ts'
import { inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

const MANY = 1500

/** A store that counts how often each of its methods is called. */
function counted(): { store: MemoryStore; calls: Map<string, number> } {
  const memory = createMemoryStore()
  const calls = new Map<string, number>()
  const methods = Object.entries(memory).map(([name, method]: [string, unknown]) => {
    if (typeof method !== 'function') return [name, method] as const
    const call = (...args: never[]): unknown => {
      calls.set(name, (calls.get(name) ?? 0) + 1)
      return (method as (...given: never[]) => unknown)(...args)
    }
    return [name, call] as const
  })
  return { store: Object.fromEntries(methods) as unknown as MemoryStore, calls }
}

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('many who wait, on %s', (_, openBackend) => {
  let backend: TestBackend
  let queues = 0
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())
  const fresh = (options = {}): Queue => backend.open().queue(`many-${++queues}`, options)

  test.each([
    [1, {}],
    [3, { retention: { succeeded: 0 } }],
  ])(
    'all hear of their results (%i partitions)',
    async (partitions, options) => {
      const queue = fresh({ partitions, ...options })
      const sent = await queue.sendBulk(Array.from({ length: MANY }, (_unused, i) => ({ input: i })))
      const { signal } = new AbortController()
      const results = sent.map(({ id }) => queue.result(id, { timeout: '100s', signal }))
      // All have been looked at: of those that leave nothing behind, nothing could be told later.
      await queue.stats()
      await until(async () => (await queue.get(sent.at(-1)!.id)) !== undefined)
      const worker = queue.work((input: number) => input * 2, { concurrency: 200 })
      expect(await Promise.all(results)).toEqual(sent.map((_unused, i) => i * 2))
      await worker.stop()
    },
    120_000,
  )

  test('one that begins after the end, one whose message goes, and one that has no message are told so', async () => {
    const queue = fresh()
    const worker = queue.work(() => 'ok')
    await queue.send('x', { id: 'done' })
    await until(async () => (await queue.get('done'))?.state === 'succeeded')
    expect(await queue.result('done')).toBe('ok')
    await queue.send('x', { id: 'later', delay: '1h' })
    const waiting = queue.result('later')
    waiting.catch(() => {})
    await expect(queue.result('none')).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
    await queue.remove('later')
    await expect(waiting).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
    await worker.stop()
  })

  test('their time is up, or their signal aborts, or the client is closed', async () => {
    const redrive = backend.open()
    const queue = redrive.queue(`many-${++queues}`)
    const sent = await queue.sendBulk(Array.from({ length: 300 }, () => ({ input: 1, delay: '1h' })))
    const timed = sent.map(({ id }) => queue.result(id, { timeout: 50 }))
    for (const each of await Promise.allSettled(timed))
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'E_TIMEOUT' } })
    const controller = new AbortController()
    const aborted = sent.map(({ id }) => queue.result(id, { signal: controller.signal }))
    const reason = new Error('enough')
    controller.abort(reason)
    for (const each of await Promise.allSettled(aborted)) expect(each).toEqual({ status: 'rejected', reason })
    const closed = Promise.allSettled(sent.map(({ id }) => queue.result(id)))
    await queue.stats()
    await redrive.close()
    for (const each of await closed) expect(each).toMatchObject({ status: 'rejected', reason: { code: 'E_CLOSED' } })
  })

  test('a time-out looks once more: a message that has finished unheard is no time-out', async () => {
    const queue = fresh()
    await queue.send('x', { id: 'a' })
    const worker = queue.work(() => 'ok')
    await until(async () => (await queue.get('a'))?.state === 'succeeded')
    expect(await queue.result('a', { timeout: 0 })).toBe('ok')
    await worker.stop()
  })

  test('watchers of single messages hear of theirs alone', async () => {
    const queue = fresh()
    const ids = Array.from({ length: 200 }, (_unused, i) => `w${i}`)
    const watching = ids.map(async (id) => {
      const states: string[] = []
      for await (const transition of queue.watch(id)) states.push(`${transition.id} ${transition.to}`)
      return states
    })
    await queue.stats()
    await queue.send('first', { id: 'first' })
    const worker = queue.work(() => 'ok')
    await queue.result('first', { timeout: '60s' })
    await queue.sendBulk(ids.map((id) => ({ input: 1, id })))
    expect(await Promise.all(watching)).toEqual(
      ids.map((id) => ['pending', 'processing', 'succeeded'].map((state) => `${id} ${state}`)),
    )
    await worker.stop()
  }, 60_000)
})

test('what they cost grows with their number alone: the feed is read once for all', async () => {
  const { store, calls } = counted()
  const redrive = new Redrive({ store, logger: silentLogger })
  const queue = redrive.queue('cost')
  const sent = await queue.sendBulk(Array.from({ length: 1000 }, (_, i) => ({ input: i })))
  const results = Promise.all(sent.map(({ id }) => queue.result(id)))
  const worker = queue.work(() => 'ok', { concurrency: 100 })
  await results
  expect(calls.get('glance')).toBeLessThan(40)
  expect(calls.get('readFeed')).toBeLessThan(500)
  expect(calls.get('subscribe')).toBeLessThan(10)
  await worker.stop()
  await redrive.close()
})

test('a gap in the feed makes them look, and nobody waits for what was missed', async () => {
  const { store } = counted()
  let lost = false
  const gappy: MemoryStore = {
    ...store,
    readFeed: async (partition, after, count) =>
      lost ? ((lost = false), { gap: true, entries: [] }) : store.readFeed(partition, after, count),
  }
  const redrive = new Redrive({ store: gappy, logger: silentLogger })
  const queue = redrive.queue('gaps')
  const watch = createFeedWatch(insideOf(redrive).opened('gaps')!.runtime)
  const missed = new Promise<unknown>((resolve) => {
    watch.watch('a', { hear: () => {}, missed: resolve, end: resolve })
  })
  await watch.ready()
  lost = true
  await queue.send('x', { id: 'b' })
  expect(await missed).toMatchObject({ code: 'E_FEED_GAP' })
  await redrive.close()
})

test('a signal that many calls share is no leak to Node', async () => {
  const index = new URL('../../dist/src/index.js', import.meta.url).href
  const program = `
    import { createMemoryStore, Redrive } from '${index}'
    const redrive = new Redrive({ store: createMemoryStore() })
    const queue = redrive.queue('jobs')
    const sent = await queue.sendBulk(Array.from({ length: 50 }, (_, i) => ({ input: i })))
    const { signal } = new AbortController()
    const results = sent.map(({ id }) => queue.result(id, { signal }))
    const watching = sent.map(async ({ id }) => { for await (const _ of queue.watch(id, { signal })); })
    await queue.stats()
    queue.work(() => 'done')
    await Promise.all(results)
    await redrive.close()`
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])
  expect(stderr).not.toContain('MaxListenersExceededWarning')
})
