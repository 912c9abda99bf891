import { expect, test } from '@jest/globals'
import { createMachine, fromPromise, setup } from 'xstate'
import { createMemoryStore, Redrive } from '../../src/index.ts'

interface Charge {
  readonly card: string
  readonly cents: number
}

const order = setup({
  types: { input: {} as { card: string } },
  actors: {
    charge: fromPromise<{ receipt: string }, Charge>(async ({ input }) => ({
      receipt: `${input.card} ${input.cents}`,
    })),
    notify: fromPromise<void, string>(async () => {}),
  },
}).createMachine({
  id: 'order',
  context: ({ input }) => ({ card: input.card }),
  initial: 'charging',
  states: {
    charging: {
      invoke: {
        id: 'charge',
        src: 'charge',
        input: ({ context }) => ({ card: context.card, cents: 5 }),
        onDone: 'notifying',
      },
    },
    notifying: { invoke: { id: 'notify', src: 'notify', input: 'done', onDone: 'done' } },
    done: { type: 'final' },
  },
})

/** Never called: it compiles only if every line marked as an error is one (`npm run check` compiles the tests). */
function typesOfHandlers(redrive: Redrive): void {
  const queue = redrive.queue('orders', { machine: order })
  queue.work({
    charge: async (input) => ({ receipt: `${input.card} ${input.cents.toFixed(2)}` }),
    notify: async (text) => void text.toUpperCase(),
  })
  // @ts-expect-error -- the output is { receipt: string }
  queue.work({ charge: async () => ({ receipt: 7 }) })
  // @ts-expect-error -- the input has no `amount`
  queue.work({ charge: async (input) => ({ receipt: String(input.amount) }) })
  // @ts-expect-error -- there is no such actor
  queue.work({ chargeCard: async () => ({ receipt: '' }) })
  // @ts-expect-error -- the machine's input is { card: string }
  void queue.send({ cart: 'x' })
  void queue.send({ card: 'x' })

  const letters = redrive.queue<{ to: string }>('letters')
  letters.work(async (letter) => letter.to.length)
  // @ts-expect-error -- a letter has no `from`
  letters.work(async (letter) => letter.from)
}

test('the types say what a handler takes and returns', () => {
  // What is tested is that this file compiles.
  expect(typesOfHandlers).toBeInstanceOf(Function)
})

test('an actor that the machine implements is run as it is; a handler goes before it', async () => {
  const redrive = new Redrive({ store: createMemoryStore() })
  const queue = redrive.queue('orders', { machine: order })
  const told: string[] = []
  queue.work({ charge: 'own', notify: async (text) => void told.push(text) })
  await queue.send({ card: 'visa' }, { id: 'a' })
  await queue.result('a', { timeout: '60s' })
  expect(told).toEqual(['done'])
  await redrive.close()
})

test('promise actors get what XState gives them, inline ones too; an abort stops them', async () => {
  const redrive = new Redrive({ store: createMemoryStore() })
  const seen: unknown[] = []
  const machine = createMachine({
    id: 'inline',
    initial: 'first',
    states: {
      first: {
        invoke: {
          id: 'first',
          input: { n: 1 },
          src: fromPromise(async ({ input, self, system, emit, signal }) => {
            seen.push(input, typeof self.send, typeof system.get, typeof emit, signal.aborted)
            return 2
          }),
          onDone: 'second',
        },
      },
      second: {
        invoke: {
          id: 'second',
          src: fromPromise(
            ({ signal }) =>
              new Promise((resolve) => {
                signal.addEventListener('abort', () => {
                  seen.push('aborted')
                  resolve(undefined)
                })
              }),
          ),
        },
        on: { STOP: 'stopped' },
      },
      stopped: { type: 'final' },
    },
  })
  const queue = redrive.queue('inline', { machine })
  queue.work()
  await queue.send({}, { id: 'a' })
  for await (const { to } of queue.watch('a', { from: 'start' }))
    if (to === 'second') await queue.signal('a', { type: 'STOP' })
  expect(seen).toEqual([{ n: 1 }, 'function', 'function', 'function', false, 'aborted'])
  await redrive.close()
})
