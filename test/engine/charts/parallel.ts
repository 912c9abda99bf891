import { assign, raise, setup, stateIn } from 'xstate'
import { typed, type ChartEvent } from './chart.ts'

interface Context {
  paid: number
  sent: number
}

/** Parallel regions: some hear the same event, some wait for each other, and the whole is done when each of them is. */
export const parallel = setup({
  types: typed<{
    context: Context
    events: ChartEvent
    output: unknown
    tags: 'due' | 'busy' | 'safe'
  }>(),
  guards: { isLucky: ({ event }) => event.value === 7, isPaid: stateIn({ open: { billing: 'settled' } }) },
  actions: {
    pay: assign({ paid: ({ context, event }) => context.paid + (event.value ?? 0) }),
    send: assign({ sent: ({ context }) => context.sent + 1 }),
  },
}).createMachine({
  id: 'parallel',
  context: { paid: 0, sent: 0 },
  initial: 'open',
  output: ({ context }: { context: Context }) => context,
  states: {
    open: {
      type: 'parallel',
      onDone: 'done',
      on: {
        RESTART: { guard: 'isLucky', target: 'open', reenter: true },
        ABORT: { guard: 'isLucky', target: 'aborted' },
      },
      states: {
        billing: {
          initial: 'due',
          states: {
            due: { tags: 'due', after: { 1000: 'overdue' }, on: { PAY: { target: 'part', actions: 'pay' } } },
            overdue: {
              tags: ['due', 'busy'],
              entry: raise({ type: 'HOLD' }),
              on: { PAY: { target: 'settled', actions: 'pay' } },
            },
            part: {
              always: { guard: ({ context }) => context.paid > 9, target: 'settled' },
              on: { PAY: { actions: 'pay' }, TICK: 'overdue' },
            },
            settled: { type: 'final' },
          },
        },
        shipping: {
          initial: 'waiting',
          states: {
            waiting: { on: { TICK: { guard: 'isPaid', target: 'road' }, HOLD: 'held' } },
            held: { tags: 'busy', on: { RELEASE: 'waiting', TICK: { actions: 'send' } } },
            road: {
              initial: 'van',
              states: {
                van: { entry: 'send', on: { TICK: 'door' } },
                door: { on: { OK: '#delivered', TICK: '#delivered' } },
              },
            },
            delivered: { id: 'delivered', type: 'final' },
          },
        },
        audit: {
          type: 'parallel',
          states: {
            log: { initial: 'off', states: { off: { on: { TICK: 'on' } }, on: { type: 'final' } } },
            seal: {
              initial: 'loose',
              states: {
                loose: {
                  on: { SEAL: { guard: 'isLucky', target: 'firm' }, RELEASE: { guard: 'isLucky', target: 'firm' } },
                },
                firm: { type: 'final', tags: 'safe' },
              },
            },
          },
        },
      },
    },
    aborted: { on: { RESTART: 'open' } },
    done: { type: 'final' },
  },
})
