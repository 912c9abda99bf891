/** Workers of two versions of a machine on one queue at a time. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMachine } from 'xstate'
import type { Logger } from '../../src/index.ts'
import { inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

const order = (version: string, waiting: string) =>
  createMachine({
    id: 'order',
    version,
    initial: waiting,
    states: { [waiting]: { on: { PAY: 'paid' } }, paid: { type: 'final' } },
    output: () => version,
  })
const [v1, v2] = [order('1', 'waiting'), order('2', 'open')]

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('two versions side by side on %s', (_, openBackend) => {
  let backend: TestBackend
  let queues = 0
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  test('messages are left to the worker that knows them while it is alive, and quarantined after that', async () => {
    const name = `side-${++queues}`
    const warnings: string[] = []
    const logger: Logger = { debug() {}, info() {}, warn: (text) => void warnings.push(text), error() {} }
    const old = backend.open().queue(name, { machine: v1 })
    for (const id of ['a', 'b', 'c']) await old.send({}, { id })
    const oldWorker = old.work()
    await oldWorker.ready()
    await until(async () => (await old.workers()).length === 1)
    const young = backend.open({ logger }).queue(name, { machine: v2 })
    const youngWorker = young.work()
    await youngWorker.ready()
    expect((await young.workers()).flatMap(({ machines }) => machines)).toContain(old.machineRef)
    // Whichever worker claims it first.
    for (const id of ['a', 'b']) await old.signal(id, { type: 'PAY' })
    expect(await young.result('a', { timeout: '60s' })).toBe('1')
    expect(await young.result('b', { timeout: '60s' })).toBe('1')
    expect((await young.stats()).states['~quarantined'] ?? 0).toBe(0)
    await oldWorker.stop()
    const refused: unknown = await young.signal('c', { type: 'PAY' }, { wait: '60s' }).catch((error: unknown) => error)
    expect(refused).toMatchObject({
      code: 'E_QUARANTINED',
      message: expect.stringMatching(/"c" is in quarantine: .*release/),
    })
    // One that is there already.
    await expect(young.signal('c', { type: 'PAY' }, { wait: '60s' })).rejects.toMatchObject({ code: 'E_QUARANTINED' })
    expect(warnings.filter((text) => text.includes('are left to')).length).toBeLessThanOrEqual(1)
    await youngWorker.stop()
  })

  test('a release that waits is no reason to give up a wait', async () => {
    const name = `side-${++queues}`
    let broken = true
    const machine = createMachine({
      id: 'shy',
      initial: 'a',
      states: {
        a: {
          on: {
            GO: {
              target: 'b',
              guard: () => {
                if (broken) throw new Error('shy')
                return true
              },
            },
          },
        },
        b: { type: 'final' },
      },
    })
    const queue = backend.open().queue(name, { machine })
    queue.work()
    await queue.send({}, { id: 'a' })
    await expect(queue.signal('a', { type: 'GO' }, { wait: '60s' })).rejects.toMatchObject({
      code: 'E_QUARANTINED',
      message: expect.stringContaining('shy'),
    })
    broken = false
    await queue.release('a')
    await until(async () => (await queue.get('a'))?.state === 'b')
  })
})
