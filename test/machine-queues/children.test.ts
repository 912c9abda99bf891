import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { setup } from 'xstate'
import { sendToMessage, startChildren, type AllDoneEvent } from '../../machines/index.ts'
import { inMemory, onRedis, type TestBackend } from '../support/backends.ts'
import { parentOf } from './talking-machines.ts'

const WAIT = { timeout: '60s' }

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('children on %s', (_, openBackend) => {
  let backend: TestBackend
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  test('are started by the first step, and their parent hears once that all are done, in their order', async () => {
    const redrive = backend.open()
    const parents = redrive.queue('plain-parents', { machine: parentOf({ join: 'letters', failed: 'collect' }) })
    const letters = redrive.queue('plain-letters', { partitions: 4, retry: { attempts: 1 } })
    letters.work(async (letter: { fails?: boolean; n: number }) => {
      if (letter.fails) throw new Error('no such street')
      return letter.n * 10
    })
    parents.work()
    await parents.send(
      {
        children: [
          { queue: 'plain-letters', input: { n: 1 } },
          { queue: 'plain-letters', input: { n: 2, fails: true }, id: 'second' },
          { queue: 'plain-letters', input: { n: 3 }, delay: '30ms' },
        ],
      },
      { id: 'p' },
    )
    const { events } = await parents.result('p', WAIT)
    expect(events).toEqual([
      {
        type: 'allDone',
        join: 'letters',
        results: [
          { queue: 'plain-letters', id: expect.stringMatching(/^p\./), status: 'done', output: 10 },
          {
            queue: 'plain-letters',
            id: 'second',
            status: 'failed',
            error: { name: 'Error', message: 'no such street' },
          },
          { queue: 'plain-letters', id: expect.stringMatching(/^p\./), status: 'done', output: 30 },
        ],
      },
    ])
    expect((await letters.get('second'))?.parent).toEqual({ queue: 'plain-parents', id: 'p' })
    const { joins } = (await parents.get('p'))!
    expect(joins).toMatchObject([
      {
        join: 'letters',
        failed: 'collect',
        over: true,
        children: [{ status: 'done' }, { id: 'second', status: 'failed' }, { status: 'done' }],
      },
    ])
  })

  test('an invoked machine talks too, and hears of its own children itself', async () => {
    const redrive = backend.open()
    redrive.queue('nested-letters').work((n: number) => n + 1)
    const batch = setup({ types: { events: {} as AllDoneEvent } }).createMachine({
      id: 'batch',
      initial: 'waiting',
      entry: startChildren([{ queue: 'nested-letters', input: 1 }], { failed: 'report' }),
      states: {
        waiting: { on: { allDone: 'over' } },
        over: {
          entry: sendToMessage({ queue: 'nested-parents', id: 'p' }, { type: 'NOTED' }),
          type: 'final',
          output: ({ event }) => event,
        },
      },
      output: ({ event }: { event: { output?: unknown } }) => event.output,
    })
    const machine = setup({ actors: { batch }, types: { events: {} as { type: 'NOTED' } } }).createMachine({
      id: 'outer',
      initial: 'running',
      states: {
        running: { invoke: { id: 'batch', src: 'batch', onDone: 'ended' } },
        ended: { on: { NOTED: 'over' } },
        over: { type: 'final' },
      },
    })
    const parents = redrive.queue('nested-parents', { machine })
    parents.work()
    await parents.send(undefined, { id: 'p' })
    await parents.result('p', WAIT)
    expect((await parents.history('p')).map(({ event, to }) => `${event} → ${to}`)).toEqual([
      'init → running',
      'allDone → ended',
      'NOTED → over',
    ])
  })

  test('no children are all done at once', async () => {
    const parents = backend.open().queue('no-children', { machine: parentOf({ failed: 'report' }) })
    parents.work()
    await parents.send({ children: [] }, { id: 'p' })
    expect(await parents.result('p', WAIT)).toEqual({ events: [{ type: 'allDone', join: 'children', results: [] }] })
  })
})
