import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Queue, QueueOptions, RedriveError } from '../../src/index.ts'
import { gate, inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

const refusal = (promise: Promise<unknown>): Promise<RedriveError> =>
  promise.then(
    () => {
      throw new Error('it was not refused')
    },
    (error: unknown) => error as RedriveError,
  )

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('a bounded queue on %s', (_, openBackend) => {
  let backend: TestBackend
  let queues = 0
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())
  const fresh = (options: QueueOptions): Queue => backend.open().queue(`bounded-${++queues}`, options)

  test('refuses a send beyond maxMessages, and says how full it is', async () => {
    const queue = fresh({ maxMessages: 2 })
    await queue.send(1, { id: 'a' })
    await queue.send(2, { id: 'b', delay: '1h' })
    const error = await refusal(queue.send(3, { id: 'c' }))
    expect(error).toMatchObject({
      code: 'E_QUEUE_FULL',
      details: { id: 'c', bound: 'maxMessages', held: 2, limit: 2 },
    })
    expect(error.message).toContain('holds 2 of 2 messages (maxMessages)')
    expect(await queue.get('c')).toBeUndefined()
    expect(await queue.send(1, { id: 'a' })).toEqual({ id: 'a', status: 'duplicate' })
  })

  test('has room again when a worker has caught up, though what is settled is kept', async () => {
    const queue = fresh({ maxMessages: 1 })
    await queue.send(1, { id: 'a' })
    await refusal(queue.send(2, { id: 'b' }))
    const worker = queue.work(() => 'done')
    await queue.result('a')
    await worker.stop()
    expect(await queue.send(2, { id: 'b' })).toEqual({ id: 'b', status: 'created' })
    expect((await queue.stats()).states).toMatchObject({ pending: 1, succeeded: 1 })
  })

  test('tells of many sends which were not stored; the others were', async () => {
    const queue = fresh({ maxMessages: 3 })
    const bulk = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ input: id, id }))
    const error = await refusal(queue.sendBulk(bulk))
    expect(error).toMatchObject({ code: 'E_QUEUE_FULL', details: { refused: ['d', 'e'], held: 3, limit: 3 } })
    expect(error.message).toContain('2 of 5 messages were not stored')
    expect((await queue.list({ state: 'pending' })).map(({ id }) => id).toSorted()).toEqual(['a', 'b', 'c'])
  })

  test('refuses bytes beyond maxBytes, until something is deleted', async () => {
    const queue = fresh({ maxBytes: 3000 })
    await queue.send({ text: 'x'.repeat(2000) }, { id: 'a' })
    expect(await refusal(queue.send({ text: 'x'.repeat(2000) }, { id: 'b' }))).toMatchObject({
      code: 'E_QUEUE_FULL',
      details: { bound: 'maxBytes', limit: 3000 },
    })
    await queue.remove('a')
    await queue.send({ text: 'x'.repeat(2000) }, { id: 'b' })
  })

  test('is bounded in each partition by its share', async () => {
    const queue = fresh({ maxMessages: 8, partitions: 4 })
    const error = await refusal(
      queue.sendBulk(Array.from({ length: 100 }, (_unused, i) => ({ input: i, id: `m${i}` }))),
    )
    expect(error).toMatchObject({ details: { held: 2, limit: 2 } })
    expect((error.details['refused'] as string[]).length).toBe(92)
    expect((await queue.stats()).states).toEqual({ pending: 8 })
  })

  test('refuses a signal beyond maxInbox, and takes it when a worker has taken some', async () => {
    const queue = fresh({ maxInbox: 2 })
    await queue.send(1, { id: 'a' })
    const [running, end] = [gate(), gate()]
    const worker = queue.work(async () => {
      running.open()
      await end.opened
    })
    await running.opened
    await worker.stop({ timeout: 0 })
    await queue.retry('a')
    await queue.retry('a')
    expect(await refusal(queue.cancel('a'))).toMatchObject({
      code: 'E_INBOX_FULL',
      details: { id: 'a', held: 2, limit: 2 },
    })
    const again = queue.work(() => end.opened)
    await until(() => queue.cancel('a').catch(() => undefined))
    end.open()
    await until(async () => (await queue.get('a'))?.inbox.length === 0)
    await again.stop()
  })

  test('takes a release, however full the inbox is', async () => {
    const queue = fresh({ maxInbox: 1 })
    await queue.send(1, { id: 'a', delay: '1h' })
    await queue.retry('a')
    expect(await queue.release('a')).toEqual({ id: 'a', status: 'delivered' })
  })
})

test.each<[QueueOptions, string]>([
  [{ maxMessages: 0 }, 'maxMessages'],
  [{ maxBytes: 1.5 }, 'maxBytes'],
  [{ maxInbox: 0 }, 'maxInbox'],
  [{ retention: { dead: { bytes: -1 } } }, 'retention.dead.bytes'],
])('refuses %j', async (options, path) => {
  const backend = await inMemory()
  expect(() => backend.open().queue('a', options)).toThrow(
    expect.objectContaining({ code: 'E_INVALID_OPTION', details: { path } }),
  )
  expect(backend.open().queue('b', { maxMessages: Infinity, maxBytes: Infinity }).name).toBe('b')
  await backend.stop()
})
