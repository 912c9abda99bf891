import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Queue, QueueOptions } from '../../src/index.ts'
import { gate, inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('a queue on %s', (_, openBackend) => {
  let backend: TestBackend
  let queues = 0
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())
  const fresh = (options: QueueOptions = {}): Queue => backend.open().queue(`queue-${++queues}`, options)

  test('makes ids that sort by time, and never the same twice', async () => {
    const queue = fresh()
    const ids: string[] = []
    for (let i = 0; i < 50; i++) ids.push((await queue.send(i)).id)
    expect(ids.toSorted()).toEqual(ids)
    expect(new Set(ids).size).toBe(50)
    expect(ids[0]).toMatch(/^[0-9a-v]{20}$/)
  })

  test('sends many, and answers in their order', async () => {
    const queue = fresh()
    await queue.send('first', { id: 'm3' })
    const answers = await queue.sendBulk(Array.from({ length: 500 }, (_unused, i) => ({ input: i, id: `m${i}` })))
    expect(answers.map(({ id }) => id)).toEqual(Array.from({ length: 500 }, (_unused, i) => `m${i}`))
    expect(answers.filter(({ status }) => status === 'duplicate')).toEqual([{ id: 'm3', status: 'duplicate' }])
    expect((await queue.stats()).states).toEqual({ pending: 500 })
  })

  test('a bulk with one broken message sends nothing', async () => {
    const queue = fresh()
    await expect(queue.sendBulk([{ input: 1 }, { input: 2, delay: -1 }])).rejects.toMatchObject({
      code: 'E_INVALID_DURATION',
    })
    expect((await queue.stats()).states).toEqual({})
  })

  test('lists the messages of a state: by their time, in pages, or the newest first', async () => {
    const queue = fresh()
    await queue.sendBulk(
      Array.from({ length: 10 }, (_unused, i) => ({ input: i, id: `m${i}`, delay: 60_000 + i * 1000 })),
    )
    const ids = async (options: object): Promise<string[]> =>
      (await queue.list({ state: 'pending', ...options })).map(({ id }) => id)
    expect(await ids({ limit: 3 })).toEqual(['m0', 'm1', 'm2'])
    expect(await ids({ limit: 3, offset: 3 })).toEqual(['m3', 'm4', 'm5'])
    expect(await ids({ limit: 2, newestFirst: true })).toEqual(['m9', 'm8'])
    expect(await queue.list({ state: 'dead' })).toEqual([])
    await expect(queue.list({ state: 'pending', limit: 0 })).rejects.toMatchObject({ code: 'E_INVALID_OPTION' })
  })

  test('spreads over partitions, and looks like one queue all the same', async () => {
    const queue = fresh({ partitions: 4 })
    await queue.sendBulk(Array.from({ length: 40 }, (_unused, i) => ({ input: i, id: `m${i}`, delay: 100 + i * 20 })))
    const page = await queue.list({ state: 'pending', limit: 5, offset: 5 })
    expect(page.map(({ id }) => id)).toEqual(['m5', 'm6', 'm7', 'm8', 'm9'])
    queue.work((input: number) => input * 2)
    expect(await queue.result('m39', { timeout: '60s' })).toBe(78)
    await until(async () => (await queue.stats()).states['succeeded'] === 40)
    const other = backend.open()
    await expect(other.queue(queue.name, { partitions: 2 }).stats()).rejects.toMatchObject({
      code: 'E_INVALID_OPTION',
      message: expect.stringContaining('has 4 partitions'),
    })
  })

  test('waits for a result no longer than it is told, and the message goes on', async () => {
    const queue = fresh()
    await queue.send('x', { id: 'a' })
    await expect(queue.result('a', { timeout: 30 })).rejects.toMatchObject({ code: 'E_TIMEOUT' })
    await expect(queue.result('nobody', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
    const waiting = queue.result('a')
    queue.work(() => ({ late: true }))
    expect(await waiting).toEqual({ late: true })
  })

  test('a wait for a result can be given up', async () => {
    const queue = fresh()
    await queue.send('x', { id: 'a' })
    const controller = new AbortController()
    const waiting = queue.result('a', { signal: controller.signal })
    controller.abort(new Error('no more patience'))
    await expect(waiting).rejects.toThrow('no more patience')
  })

  test('a message can be watched until it is settled', async () => {
    const queue = fresh({ retry: { backoff: { type: 'fixed', delay: 1 } } })
    const seen: string[] = []
    const watching = (async () => {
      for await (const { to } of queue.watch('a', { from: 'start' })) seen.push(to)
    })()
    queue.work((_input, { attempt }) => {
      if (attempt === 1) throw new Error('once more')
    })
    await queue.send('x', { id: 'a' })
    await queue.send('y', { id: 'b' })
    await watching
    expect(seen).toEqual(['pending', 'processing', 'retrying', 'processing', 'succeeded'])
  })

  test('removes a message, and does not while a worker has it', async () => {
    const queue = fresh()
    await queue.send('x', { id: 'a' })
    await queue.remove('a')
    expect(await queue.get('a')).toBeUndefined()
    await expect(queue.remove('a')).rejects.toMatchObject({ code: 'E_NOT_FOUND' })

    const go = gate()
    const worker = queue.work(() => go.opened)
    await queue.send('y', { id: 'b' })
    await until(async () => (await queue.get('b'))?.state === 'processing')
    await expect(queue.remove('b')).rejects.toMatchObject({
      code: 'E_LOCKED',
      message: expect.stringContaining(worker.name),
    })
    go.open()
    await queue.result('b', { timeout: '60s' })
    await queue.remove('b')
    expect((await queue.stats()).states).toMatchObject({ pending: 0, processing: 0, succeeded: 0 })
  })

  test('holds a message: no worker takes it meanwhile', async () => {
    const queue = fresh()
    await queue.send('x', { id: 'held' })
    const order: string[] = []
    await queue.hold('held', async () => {
      queue.work((input) => void order.push(input as string))
      await queue.send('y', { id: 'free' })
      await queue.result('free', { timeout: '60s' })
      await expect(queue.hold('held', async () => {})).rejects.toMatchObject({ code: 'E_LOCKED' })
      order.push('released')
    })
    await queue.result('held', { timeout: '60s' })
    expect(order).toEqual(['y', 'released', 'x'])
  })

  test('one message may have a policy of its own', async () => {
    const queue = fresh({ retry: { attempts: 5, backoff: { type: 'fixed', delay: 1 } } })
    const attempts = { a: 0, b: 0 }
    queue.work((input: 'a' | 'b') => {
      attempts[input]++
      throw new Error('no')
    })
    await queue.send('a', { id: 'a', retry: { attempts: 2 } })
    await queue.send('b', { id: 'b' })
    for (const id of ['a', 'b'])
      await expect(queue.result(id, { timeout: '60s' })).rejects.toMatchObject({ code: 'E_DEAD' })
    expect(attempts).toEqual({ a: 2, b: 5 })
  })

  test('keeps settled messages as long and as many as it is told', async () => {
    const queue = fresh({ retention: { succeeded: { count: 3 } } })
    const worker = queue.work(() => 'ok')
    await queue.sendBulk(Array.from({ length: 10 }, (_unused, i) => ({ input: i, id: `m${i}` })))
    await until(async () => (await queue.stats()).states['succeeded'] === 10)
    await worker.stop()
    expect(await queue.trim()).toBe(7)
    expect((await queue.stats()).states).toMatchObject({ succeeded: 3 })
    expect(await queue.trim()).toBe(0)
  })

  test('keeps a journal that is bounded', async () => {
    const queue = fresh({ journal: 4, retry: { attempts: 5, backoff: { type: 'fixed', delay: 1 } } })
    queue.work((_input, { attempt }) => {
      if (attempt < 5) throw new Error(`${attempt}`)
    })
    await queue.send('x', { id: 'a' })
    await queue.result('a', { timeout: '60s' })
    const history = await queue.history('a')
    expect(history.map(({ seq, to }) => [seq, to])).toEqual([
      [7, 'processing'],
      [8, 'retrying'],
      [9, 'processing'],
      [10, 'succeeded'],
    ])
  })
})
