import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createMessageMachine } from '../../../machines/index.ts'
import type { Redrive } from '../../../src/index.ts'
import { gate, inMemory, onRedis, until, type TestBackend } from '../../support/backends.ts'

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
] as const)('a paused queue on %s', (_, open) => {
  let backend: TestBackend
  let redrive: Redrive
  beforeEach(async () => {
    backend = await open()
    redrive = backend.open()
  })
  afterEach(() => backend.stop())

  test('begins nothing, ends what it has begun, and goes on where it was', async () => {
    const queue = redrive.queue('jobs', { partitions: 2 })
    const [begun, mayEnd] = [gate(), gate()]
    const started: string[] = []
    const worker = queue.work(
      async (id: string) => {
        started.push(id)
        if (id !== 'first') return
        begun.open()
        await mayEnd.opened
      },
      { concurrency: 1, prefetch: 5 },
    )
    await queue.send('first', { id: 'first' })
    await begun.opened
    await queue.sendBulk(['a', 'b', 'c'].map((id) => ({ input: id, id })))
    await until(() => worker.stats().prefetched > 0)

    await queue.pause({ actor: 'ada' })
    expect(await queue.isPaused()).toBe(true)
    expect((await queue.stats()).paused).toBe(true)
    // What was held ready is given back before the worker has a place for it.
    await until(() => worker.stats().prefetched === 0)
    mayEnd.open()
    await queue.result('first', { timeout: '60s' })
    expect(await queue.send('later', { id: 'later' })).toMatchObject({ status: 'created' })
    expect(await queue.cancel('c')).toMatchObject({ status: 'delivered' })
    expect(started).toEqual(['first'])

    await queue.resume()
    await Promise.all(['a', 'b', 'later'].map((id) => queue.result(id, { timeout: '60s' })))
    await expect(queue.result('c', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_CANCELLED' })
    expect(started.toSorted()).toEqual(['a', 'b', 'first', 'later'])
    expect((await queue.get('a'))?.history.some(({ error }) => error !== undefined)).toBe(false)
    const audit = await redrive.audit()
    expect(audit.map(({ action, queue: name }) => [action, name])).toEqual([
      ['resume', 'jobs'],
      ['pause', 'jobs'],
    ])
    expect(audit[1]).toMatchObject({ actor: 'ada', count: 0 })
  })

  test('is paused for every client, also those that come later', async () => {
    await redrive.queue('jobs').pause()
    await redrive.queue('jobs').pause()
    const other = backend.open().queue('jobs')
    const worker = other.work(() => 'done')
    await worker.ready()
    await other.send('a', { id: 'a' })
    await expect(other.result('a', { timeout: 100 })).rejects.toMatchObject({ code: 'E_TIMEOUT' })
    expect(await other.isPaused()).toBe(true)
    await redrive.queue('jobs').resume()
    expect(await other.result('a', { timeout: '60s' })).toBe('done')
    // A second pause changed nothing, and is not told.
    expect(await redrive.audit()).toHaveLength(2)
  })

  test("keeps timers waiting, of a machine of one's own too", async () => {
    const queue = redrive.queue('own', { machine: createMessageMachine() })
    await queue.pause()
    const worker = queue.work({ handler: () => 'done' })
    await worker.ready()
    await queue.send({ payload: 'a', delay: 1 }, { id: 'a' })
    await until(async () => (await queue.stats()).nextDue! < (await queue.stats()).now)
    expect(await queue.get('a')).toMatchObject({ state: 'pending', revision: 0 })
    await queue.resume()
    expect(await queue.result('a', { timeout: '60s' })).toBe('done')
  })

  test('refuses a name of nothing', async () => {
    await expect(redrive.queue('jobs').pause({ actor: '' })).rejects.toMatchObject({ code: 'E_INVALID_OPTION' })
    await expect(redrive.audit({ limit: 0 })).rejects.toMatchObject({ code: 'E_INVALID_OPTION' })
  })
})
