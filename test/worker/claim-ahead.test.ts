/** What a worker has claimed beyond its places, and finds no place, goes to others. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Queue, Worker } from '../../src/index.ts'
import { createMemoryStore, Redrive, silentLogger } from '../../src/index.ts'
import { clockOf, createChance, createTimeline } from '../../src/testing/timeline.ts'
import { gate, inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

type Input = { readonly slow?: boolean; readonly n?: number }

const numbers = (count: number): { input: Input; id: string }[] =>
  Array.from({ length: count }, (_, n) => ({ input: { n }, id: `m${String(n).padStart(2, '0')}` }))

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('messages behind a slow one on %s', (_, openBackend) => {
  let backend: TestBackend
  let queues = 0
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  /** A queue whose first worker is busy with a slow message, and holds others ready. */
  async function besides(prefetch: number, partitions = 1) {
    const queue = backend.open().queue<Input>(`ahead-${++queues}`, { partitions })
    const slow = gate()
    const begun: number[] = []
    const handler = async ({ slow: waits, n = -1 }: Input): Promise<void> => {
      begun.push(n)
      if (waits) await slow.opened
    }
    await queue.send({ slow: true }, { id: 'slow' })
    const first = queue.work(handler, { concurrency: 1, prefetch })
    await until(() => begun.length === 1)
    await queue.sendBulk(numbers(20))
    return { queue, first, slow, begun, handler }
  }

  test('go to an idle worker, in their order, and as if nobody had claimed them', async () => {
    const { queue, first, slow, begun, handler } = await besides(20)
    await until(() => first.stats().prefetched === 20)
    const second = backend.open().queue<Input>(queue.name)
    const idle = second.work(handler, { concurrency: 1, prefetch: 0 })
    for (const { id } of numbers(20)) await queue.result(id, { timeout: '60s' })
    expect(begun).toEqual([-1, ...numbers(20).map(({ input }) => input.n)])
    expect(first.stats()).toMatchObject({ active: 1, prefetched: 0 })
    const message = await queue.get('m07')
    expect(message).toMatchObject({ state: 'succeeded', context: { attempt: 1 } })
    expect(message?.history.map(({ event, to }) => `${event} ${to}`)).toEqual([
      'init pending',
      expect.stringMatching(/ processing$/),
      expect.stringMatching(/ succeeded$/),
    ])
    slow.open()
    await Promise.all([first.stop(), idle.stop()])
  })

  test('with partitions, and after events came for them: nothing is missed', async () => {
    const { queue, first, slow, handler } = await besides(20, 3)
    await until(() => first.stats().prefetched === 20)
    await queue.cancel('m03')
    const second = backend.open().queue<Input>(queue.name, { partitions: 3 })
    const idle = second.work(handler, { concurrency: 2 })
    for (const { id } of numbers(20)) if (id !== 'm03') await queue.result(id, { timeout: '60s' })
    await until(async () => (await queue.get('m03'))?.state === 'cancelled')
    expect((await queue.stats()).states).toMatchObject({ pending: 0, processing: 1, succeeded: 19 })
    slow.open()
    await Promise.all([first.stop(), idle.stop()])
  })

  test('are not given to a paused queue and back: they wait there until it goes on', async () => {
    const { queue, first, slow } = await besides(20)
    await until(() => first.stats().prefetched === 20)
    await queue.pause()
    await until(() => first.stats().prefetched === 0)
    slow.open()
    await queue.result('slow', { timeout: '60s' })
    expect((await queue.stats()).states).toMatchObject({ pending: 20, processing: 0 })
    await queue.resume()
    for (const { id } of numbers(20)) await queue.result(id, { timeout: '60s' })
    await first.stop()
  })
})

describe('by a clock of the test', () => {
  const timeline = createTimeline(Date.UTC(2030, 0))
  const store = createMemoryStore({ clock: clockOf(timeline, createChance(1), {}) })
  const clients: Redrive[] = []
  afterAll(async () => {
    let closed = false
    const closing = Promise.all(clients.map((client) => client.close({ timeout: 0 }))).then(() => (closed = true))
    while (!closed) await pass(50)
    await closing
  })

  async function pass(ms: number): Promise<void> {
    for (let at = 0; at < ms; at += 50) {
      timeline.moveTo(timeline.now() + 50)
      timeline.fireDue()
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  function open(name: string): Queue<Input> {
    const client = new Redrive({ store, logger: silentLogger })
    clients.push(client)
    return client.queue<Input>(name)
  }

  /** Two workers, each busy with a slow message. */
  async function twoBusy(name: string) {
    const queue = open(name)
    const slow = [gate(), gate()]
    let busy = 0
    const handler = async ({ slow: waits }: Input): Promise<void> => void (waits && (await slow[busy++]?.opened))
    const workers: Worker[] = []
    for (let i = 0; i < 2; i++) {
      await queue.send({ slow: true }, { id: `slow${i}` })
      workers.push(open(name).work(handler, { concurrency: 1, prefetch: 5 }))
      while (busy <= i) await pass(50)
    }
    return { queue, workers, slow }
  }

  test('two busy workers do not pass them to and fro', async () => {
    const { queue, workers } = await twoBusy('to-and-fro')
    await queue.sendBulk(numbers(5))
    await pass(60_000)
    expect(workers.map((worker) => worker.stats().prefetched)).toEqual([0, 0])
    // At most a claim and a return by each of the two.
    for (const { id } of numbers(5)) expect((await queue.get(id))?.revision).toBeLessThanOrEqual(4)
  })

  test('one that has given some back claims ahead again when a place of its own has moved', async () => {
    const { queue, workers, slow } = await twoBusy('again')
    await queue.sendBulk(numbers(3))
    await pass(3000)
    expect(workers.map((worker) => worker.stats().prefetched)).toEqual([0, 0])
    slow.forEach(({ open: end }) => end())
    await pass(1000)
    for (const { id } of numbers(3)) expect((await queue.get(id))?.state).toBe('succeeded')
  })

  test('one that is held for less than a second stays', async () => {
    const { queue, workers } = await twoBusy('stays')
    await queue.sendBulk(numbers(2))
    await pass(500)
    expect(workers.map((worker) => worker.stats().prefetched).reduce((sum, each) => sum + each)).toBe(2)
    for (const { id } of numbers(2)) expect((await queue.get(id))?.revision).toBe(1)
  })
})
