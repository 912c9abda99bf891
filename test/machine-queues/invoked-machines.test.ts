import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { assign, createMachine, fromPromise, sendParent, setup } from 'xstate'
import { inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

interface Job {
  readonly amount: number
}

/** A sub-flow with a handler and a timer of its own: it asks again until somebody says yes, and tells its parent of each asking. */
const approval = setup({
  types: { input: {} as Job, context: {} as Job & { asked: number }, output: {} as { by: string; asked: number } },
  actors: { ask: fromPromise<{ by?: string }, Job & { asked: number }>(() => Promise.reject(new Error('no handler'))) },
  delays: { patience: 30 },
}).createMachine({
  id: 'approval',
  context: ({ input }) => ({ amount: input.amount, asked: 0 }),
  initial: 'asking',
  states: {
    asking: {
      entry: [
        assign({ asked: ({ context }) => context.asked + 1 }),
        sendParent(({ context }) => ({ type: 'ASKED', times: context.asked })),
      ],
      invoke: {
        id: 'ask',
        src: 'ask',
        input: ({ context }) => context,
        onDone: [{ guard: ({ event }) => event.output.by !== undefined, target: 'approved' }, { target: 'waiting' }],
        onError: 'waiting',
      },
    },
    waiting: { after: { patience: 'asking' } },
    approved: { type: 'final', output: ({ event }) => event },
  },
  output: ({ context }) => ({ by: 'ada', asked: context.asked }),
})

const order = setup({ actors: { approval } }).createMachine({
  id: 'order',
  context: { times: [] as unknown[] },
  initial: 'approving',
  states: {
    approving: {
      invoke: {
        id: 'approval',
        src: 'approval',
        input: { amount: 3 },
        onDone: { target: 'done', actions: assign({ result: ({ event }) => event.output }) },
      },
      on: {
        ASKED: {
          actions: assign({
            times: ({ context, event }) => [...(context.times as unknown[]), event['times'] as unknown],
          }),
        },
      },
    },
    done: { type: 'final', tags: ['succeeded'] },
  },
  output: ({ context }) => context,
})

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('invoked machines on %s', (_, openBackend) => {
  let backend: TestBackend
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  test('wait, ask and answer from worker to worker', async () => {
    const asked: number[] = []
    const first = backend.open().queue('orders', { machine: order })
    await first.send({}, { id: 'o1' })
    const work = (answer: (times: number) => { by?: string }) => ({
      ask: (input: unknown) => {
        const { asked: times } = input as { asked: number }
        asked.push(times)
        return answer(times)
      },
    })
    const before = first.work(work((times) => (times === 1 ? {} : fail())))
    await until(() => asked.length >= 2)
    await before.stop()

    const second = backend.open().queue('orders', { machine: order })
    const after = second.work({ 'approval/ask': work((times) => (times > 3 ? { by: 'ada' } : {})).ask })
    const result = (await second.result('o1', { timeout: '20s' })) as { result: { asked: number }; times: number[] }
    await after.stop()
    // A handler that was handed back is called again for the same asking.
    const turns = [...new Set(asked)]
    expect(turns).toEqual(turns.map((__, i) => i + 1))
    expect(result).toEqual({ result: { by: 'ada', asked: turns.length }, times: turns })
    expect(turns.length).toBeGreaterThan(3)
  })

  test('nobody works on a queue whose nested handler is missing', () => {
    const bare = createMachine({ id: 'bare', invoke: { id: 'job', src: 'job' } })
    const machine = createMachine({ id: 'outer', initial: 'a', states: { a: { invoke: { id: 'bare', src: bare } } } })
    const queue = backend.open().queue('bare', { machine })
    expect(() => queue.work({})).toThrow(/invokes "xstate\.invoke\.0\.outer\.a\/job"/)
  })
})

function fail(): never {
  throw new Error('not yet')
}
