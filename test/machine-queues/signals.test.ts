import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { assign, setup, fromPromise } from 'xstate'
import { z } from 'zod'
import type { HandlerContext } from '../../src/index.ts'
import { gate, inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

const ledger = setup({
  types: { context: {} as { entries: number[] }, events: {} as { type: 'ADD'; n: number } | { type: 'CLOSE' } },
  actors: { audit: fromPromise(async () => {}) },
}).createMachine({
  id: 'ledger',
  context: { entries: [] },
  initial: 'open',
  states: {
    open: {
      on: {
        ADD: { actions: assign({ entries: ({ context, event }) => [...context.entries, event.n] }) },
        CLOSE: 'auditing',
      },
    },
    auditing: {
      invoke: { id: 'audit', src: 'audit', onDone: 'closed' },
      on: { ADD: { actions: assign({ entries: ({ context, event }) => [...context.entries, event.n] }) } },
    },
    closed: { type: 'final' },
  },
})

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('signals on %s', (_, openBackend) => {
  let backend: TestBackend
  let queues = 0
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())
  const fresh = (options = {}) => backend.open().queue(`signals-${++queues}`, { machine: ledger, ...options })
  const entries = async (queue: ReturnType<typeof fresh>): Promise<unknown> =>
    (await queue.get('a'))?.context['entries']

  test('are taken in the order of their sender, however long their checks take', async () => {
    const slowness = [30, 0, 10, 0, 5]
    const events = z.object({ type: z.string(), n: z.number() }).refine(async ({ n }) => {
      await new Promise((resolve) => setTimeout(resolve, slowness[n] ?? 0))
      return true
    })
    const queue = fresh({ events })
    queue.work()
    await queue.send({}, { id: 'a' })
    await Promise.all(Array.from({ length: 50 }, (_unused, n) => queue.signal('a', { type: 'ADD', n })))
    await until(async () => ((await entries(queue)) as number[]).length === 50)
    expect(await entries(queue)).toEqual(Array.from({ length: 50 }, (_unused, n) => n))
  })

  test('with an event id are applied once, though they are sent a thousand times', async () => {
    const queue = fresh()
    queue.work()
    await queue.send({}, { id: 'a' })
    const answers = await Promise.all(
      Array.from({ length: 1000 }, () => queue.signal('a', { type: 'ADD', n: 7 }, { eventId: 'e1' })),
    )
    expect(answers.filter(({ status }) => status === 'delivered')).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 'duplicate')).toHaveLength(999)
    expect(await queue.signal('a', { type: 'ADD', n: 8 }, { wait: '5s' })).toMatchObject({ status: 'applied' })
    expect(await entries(queue)).toEqual([7, 8])
  })

  test('can be waited for: the answer is the state after their step', async () => {
    const queue = fresh()
    await queue.send({}, { id: 'a' })
    await expect(queue.signal('a', { type: 'ADD', n: 1 }, { wait: 30 })).rejects.toMatchObject({ code: 'E_TIMEOUT' })
    queue.work({ audit: () => new Promise<void>(() => {}) })
    expect(await queue.signal('a', { type: 'CLOSE' }, { wait: '5s' })).toEqual({
      id: 'a',
      status: 'applied',
      state: 'auditing',
    })
    expect(await entries(queue)).toEqual([1])
  })

  test('reach a handler that runs, within a second', async () => {
    const queue = fresh()
    const running = gate<HandlerContext>()
    const heard: unknown[] = []
    const done = gate()
    queue.work({
      audit: async (_input, context) => {
        context.onEvent(() => {
          throw new Error('a listener with a fault')
        })
        context.onEvent((event) => {
          heard.push(event)
          if (heard.length === 2) done.open()
        })
        running.open(context)
        await done.opened
      },
    })
    await queue.send({}, { id: 'a' })
    await queue.signal('a', { type: 'CLOSE' })
    await running.opened
    await queue.signal('a', { type: 'ADD', n: 1 })
    await queue.signal('a', { type: 'ADD', n: 2 })
    await queue.result('a', { timeout: '60s' })
    expect(heard).toEqual([
      { type: 'ADD', n: 1 },
      { type: 'ADD', n: 2 },
    ])
    expect(await entries(queue)).toEqual([1, 2])
  })

  test('that the schema or the machine cannot take are refused, and the others still come', async () => {
    const queue = fresh({ events: z.object({ type: z.literal('ADD'), n: z.number() }) })
    queue.work()
    await queue.send({}, { id: 'a' })
    const answers = await Promise.allSettled([
      queue.signal('a', { type: 'ADD', n: 1 }),
      queue.signal('a', { type: 'ADD', n: 'two' as never }),
      queue.signal('a', { type: 'AD' as never, n: 3 }),
      queue.signal('a', { type: 'ADD', n: 4 }, { wait: '5s' }),
    ])
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(answers[1]).toMatchObject({
      reason: { code: 'E_INVALID_EVENT', message: expect.stringMatching(/n: .*number/) },
    })
    expect(answers[2]).toMatchObject({
      reason: { code: 'E_UNKNOWN_EVENT', message: expect.stringMatching(/Did you mean ADD/) },
    })
    expect(await entries(queue)).toEqual([1, 4])
  })

  test('to a message that is finished say so', async () => {
    const queue = fresh()
    queue.work()
    await queue.send({}, { id: 'a' })
    await queue.signal('a', { type: 'CLOSE' })
    await queue.result('a', { timeout: '60s' })
    expect(await queue.signal('a', { type: 'ADD', n: 1 }, { wait: '5s' })).toEqual({ id: 'a', status: 'settled' })
  })
})
