import { assign, setup } from 'xstate'
import { typed, type ChartEvent } from './chart.ts'

interface Context {
  total: number
  receipts: unknown[]
}

/** Nested states that finish, each with an output that the next outer one takes, up to the output of the machine. */
export const nested = setup({
  types: typed<{ context: Context; events: ChartEvent; output: unknown; tags: 'money' | 'open' }>(),
  actions: {
    add: assign({ total: ({ context, event }) => context.total + (event.value ?? 0) }),
    keep: assign({
      receipts: ({ context, event }) => [...context.receipts.slice(-3), (event as { output?: unknown }).output],
    }),
  },
}).createMachine({
  id: 'nested',
  context: { total: 0, receipts: [] },
  initial: 'shop',
  output: ({ context, event }: { context: Context; event: object }) => ({
    total: context.total,
    last: (event as { output?: unknown }).output,
  }),
  states: {
    shop: {
      tags: 'open',
      initial: 'cart',
      onDone: [
        { guard: ({ context }) => context.total > 30, target: 'closed' },
        { target: 'delivery', actions: 'keep' },
      ],
      states: {
        cart: { on: { ADD: { actions: 'add' }, PAY: 'payment' } },
        payment: {
          tags: ['money'],
          initial: 'choose',
          onDone: { target: 'paid', actions: 'keep' },
          states: {
            choose: { on: { CARD: 'card', CASH: 'cash', ADD: { target: '#nested.shop.cart', actions: 'add' } } },
            card: {
              initial: 'asked',
              states: {
                asked: { on: { OK: 'confirmed', NO: '#nested.shop.payment.choose' } },
                confirmed: {
                  type: 'final',
                  output: ({ event }) => ({ by: 'card', code: event.value }),
                },
              },
              onDone: { target: 'booked', actions: 'keep' },
            },
            cash: { type: 'final', output: { by: 'cash' } },
            booked: { type: 'final', output: ({ context }) => context.total },
          },
        },
        paid: { type: 'final', output: ({ event }) => ({ paid: (event as { output?: unknown }).output }) },
      },
    },
    delivery: {
      initial: 'packed',
      on: { RETURN: 'shop', LOSE: { target: '.packed', reenter: true } },
      states: { packed: { on: { SEND: 'sent' } }, sent: { on: { OK: 'home' } }, home: { type: 'final' } },
      onDone: 'closed',
    },
    closed: { type: 'final', output: ({ context }) => ({ receipts: context.receipts.length }) },
  },
})
