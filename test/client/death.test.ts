/** Whoever hears of a death is told why: the listener's `error` is always there, as its type says. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { setup } from 'xstate'
import type { Queue } from '../../src/index.ts'
import { inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

const mortal = setup({}).createMachine({
  id: 'mortal',
  initial: 'alive',
  states: { alive: { on: { KILL: 'gone' } }, gone: { tags: ['dead', 'settled'] } },
})

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('a death on %s tells its reason', (_, openBackend) => {
  let backend: TestBackend
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  const heard = (queue: Pick<Queue, 'on'>): Promise<string> =>
    new Promise((resolve) => queue.on('dead', ({ error }) => resolve(error.message)))

  test('when an error was thrown', async () => {
    const queue = backend.open().queue('thrown', { retry: { attempts: 1 } })
    queue.work(() => {
      throw new Error('no such street')
    })
    const death = heard(queue)
    await queue.send({})
    expect(await death).toBe('no such street')
  })

  test('when the deadline has passed before it began', async () => {
    const queue = backend.open().queue('overdue', { retry: { deadline: 1 } })
    const death = heard(queue)
    await queue.send({}, { id: 'a' })
    const { createdAt } = (await queue.get('a'))!
    await until(async () => (await queue.stats()).now > createdAt + 1)
    queue.work(() => {})
    expect(await death).toMatch(/it ended in "dead"/)
  })

  test('when its last attempt ran longer than it may', async () => {
    const queue = backend.open().queue('slow', { retry: { attempts: 1, timeout: 20 } })
    queue.work((_input, { signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)))
    const death = heard(queue)
    await queue.send({})
    expect(await death).toMatch(/it ended in "dead": .*20 ms/)
  })

  test('when a machine of its user goes there by an event', async () => {
    const queue = backend.open().queue('mortals', { machine: mortal })
    const worker = queue.work()
    const deaths = Promise.all([heard(queue), heard(worker)])
    await queue.send({}, { id: 'a' })
    await queue.signal('a', { type: 'KILL' })
    expect(await deaths).toEqual(Array(2).fill(expect.stringMatching(/it ended in "gone"/)))
  })
})
