import { expect, test } from '@jest/globals'
import { readRoster } from '../../../src/engine/roster.ts'
import { createMemoryStore, Redrive } from '../../../src/index.ts'
import { gate, inMemory, onRedis, until } from '../../support/backends.ts'

test.each([
  ['redis', onRedis],
  ['memory', inMemory],
] as const)('workers tell of themselves while they are there, on %s', async (_, open) => {
  const backend = await open()
  try {
    const queue = backend.open().queue('jobs')
    const [begun, mayEnd] = [gate(), gate()]
    const worker = queue.work(
      async () => {
        begun.open()
        await mayEnd.opened
      },
      { name: 'w1', concurrency: 7 },
    )
    await queue.send('a', { id: 'a' })
    await begun.opened
    const elsewhere = backend.open().queue('jobs')
    const [report] = await until(async () => {
      const workers = await elsewhere.workers()
      return workers[0]?.holds.length === 1 ? workers : undefined
    })
    expect(report).toMatchObject({
      name: 'w1',
      queue: 'jobs',
      pid: process.pid,
      concurrency: 7,
      active: 1,
      processed: 0,
    })
    expect(report!.holds).toEqual([{ id: 'a', state: 'processing', leaseUntil: expect.any(Number) }])
    expect(report!.holds[0]!.leaseUntil).toBeGreaterThan(report!.seenAt)
    expect(report!.startedAt).toBeLessThanOrEqual(report!.seenAt)
    mayEnd.open()
    await worker.stop()
    await until(async () => (await elsewhere.workers()).length === 0)
  } finally {
    await backend.stop()
  }
})

test('who is silent for ten seconds is gone, and swept away', async () => {
  const now = Date.now()
  const told = (seenAt: number): string => JSON.stringify({ name: 'w', seenAt })
  const reports = new Map([
    ['old', told(now - 10_001)],
    ['here', told(now - 9_999)],
    ['broken', '{'],
  ])
  expect(readRoster(reports, now)).toEqual({ present: [{ name: 'w', seenAt: now - 9_999 }], gone: ['old', 'broken'] })
  const store = createMemoryStore()
  await store.report('jobs', 'gone', told(now - 20_000))
  await store.report('jobs', 'here', told(Date.now()))
  const redrive = new Redrive({ store })
  await redrive.queue('jobs').trim()
  expect([...(await store.reports('jobs')).keys()]).toEqual(['here'])
  await redrive.close()
})
