import { and, assign, emit, raise, setup } from 'xstate'
import { typed } from '../../engine/charts/chart.ts'
import { inert } from '../inert.ts'
import type { CorpusEvent, In } from './notebook.ts'

interface Sale {
  readonly bids: readonly { readonly by: number; readonly amount: number }[]
  readonly extended: number
}

/** An auction whose end moves a little with every late bid. */
export const auction = setup({
  types: typed<{
    context: Sale
    events: CorpusEvent
    emitted: { type: 'bid'; amount: number } | { type: 'sold'; to: number }
  }>(),
  guards: {
    isHigher: ({ context, event }) => (event.value ?? 0) > (context.bids.at(-1)?.amount ?? 0),
    hasBids: ({ context }) => context.bids.length > 0,
    mayExtend: ({ context }) => context.extended < 3,
  },
  actions: {
    bid: assign({
      bids: ({ context, event }) => [...context.bids.slice(-4), { by: context.bids.length, amount: event.value ?? 0 }],
    }),
    sayBid: emit(({ event }) => ({ type: 'bid', amount: event.value ?? 0 })),
    extend: assign({ extended: ({ context }) => context.extended + 1 }),
    clear: assign({ bids: [], extended: 0 }),
  },
}).createMachine({
  id: 'auction',
  context: { bids: [], extended: 0 },
  initial: 'announced',
  states: {
    announced: { after: { 1000: 'open' }, on: { OPEN: 'open', WITHDRAW: 'withdrawn' } },
    open: {
      initial: 'early',
      after: { 60000: [{ guard: 'hasBids', target: 'sold' }, { target: 'unsold' }] },
      on: {
        BID: { guard: 'isHigher', actions: ['bid', 'sayBid'] },
        WITHDRAW: { guard: ({ context }) => context.bids.length < 3, target: 'withdrawn' },
        HAMMER: [{ guard: 'hasBids', target: 'sold' }, { target: 'unsold' }],
      },
      states: {
        early: { after: { 50000: 'late' } },
        late: {
          on: {
            BID: [
              { guard: and(['isHigher', 'mayExtend']), target: 'extended', actions: ['bid', 'extend', 'sayBid'] },
              { guard: 'isHigher', actions: 'bid' },
            ],
          },
        },
        extended: {
          after: { 5000: 'late' },
          on: { BID: { guard: 'isHigher', target: 'extended', reenter: true, actions: 'bid' } },
        },
      },
    },
    sold: {
      entry: emit(({ context }) => ({ type: 'sold', to: context.bids.at(-1)?.by ?? -1 })),
      on: { REOPEN: { target: 'announced', actions: 'clear' } },
    },
    unsold: { on: { REOPEN: 'announced' } },
    withdrawn: { exit: 'clear', on: { REOPEN: 'announced' } },
  },
})

interface Plan {
  readonly plan: string
  readonly renewals: number
  readonly unpaid: number
  readonly until: Date
}

/** A subscription: trial, renewals, dunning, pause and end. */
export const subscription = setup({
  types: typed<{ context: Plan; events: CorpusEvent }>(),
  actors: { bill: inert },
  delays: { month: 30 * 86_400_000, grace: ({ context }) => 86_400_000 * (context.unpaid + 1) },
  guards: { isHopeless: ({ context }) => context.unpaid >= 3 },
  actions: {
    choose: assign({ plan: ({ event }) => ['free', 'basic', 'pro'][(event.value ?? 0) % 3]! }),
    renew: assign({
      renewals: ({ context }) => context.renewals + 1,
      unpaid: 0,
      until: ({ context }) => new Date(context.until.getTime() + 30 * 86_400_000),
    }),
    fail: assign({ unpaid: ({ context }) => context.unpaid + 1 }),
  },
}).createMachine({
  id: 'subscription',
  context: { plan: 'free', renewals: 0, unpaid: 0, until: new Date(0) },
  initial: 'trial',
  on: { CHOOSE: { actions: 'choose' } },
  states: {
    trial: { after: { 1209600000: 'billing' }, on: { SUBSCRIBE: 'billing', CANCEL: 'ended' } },
    billing: {
      invoke: {
        id: 'bill',
        src: 'bill',
        input: ({ context }: In<Plan>) => ({ plan: context.plan, until: context.until }),
        onDone: { target: 'active', actions: 'renew' },
        onError: { target: 'dunning', actions: 'fail' },
      },
    },
    active: {
      initial: 'running',
      after: { month: 'billing' },
      on: { CANCEL: '.leaving' },
      states: { running: {}, leaving: { on: { STAY: 'running' }, after: { 604800000: '#subscription.ended' } } },
    },
    dunning: {
      always: { guard: 'isHopeless', target: 'ended' },
      after: { grace: 'billing' },
      on: { PAY: 'billing', PAUSE: 'paused' },
    },
    paused: { on: { RESUME: 'billing', CANCEL: 'ended' } },
    ended: { entry: assign({ unpaid: 0 }), on: { SUBSCRIBE: { target: 'trial', actions: 'choose' } } },
  },
})

/** A machine that sells drinks for coins and gives change. */
export const vending = setup({
  types: typed<{
    context: { cents: number; stock: readonly number[] }
    events: CorpusEvent
    emitted: { type: 'change'; cents: number }
  }>(),
  guards: {
    canBuy: ({ context, event }) =>
      context.cents >= 50 && (context.stock[(event.value ?? 0) % context.stock.length] ?? 0) > 0,
    isEmpty: ({ context }) => context.stock.every((n) => n === 0),
  },
  actions: {
    insert: assign({ cents: ({ context, event }) => context.cents + [5, 10, 20, 50, 100][(event.value ?? 0) % 5]! }),
    sell: assign({
      cents: ({ context }) => context.cents - 50,
      stock: ({ context, event }) =>
        context.stock.map((n, i) => (i === (event.value ?? 0) % context.stock.length ? n - 1 : n)),
    }),
    change: emit(({ context }) => ({ type: 'change', cents: context.cents })),
    empty: assign({ cents: 0 }),
  },
}).createMachine({
  id: 'vending',
  context: { cents: 0, stock: [2, 1, 2] },
  initial: 'idle',
  states: {
    idle: {
      always: { guard: 'isEmpty', target: 'soldOut' },
      on: { COIN: { target: 'paying', actions: 'insert' }, SERVICE: 'service' },
    },
    paying: {
      after: { 30000: { target: 'idle', actions: raise({ type: 'REFUND' }) } },
      on: {
        COIN: { target: 'paying', reenter: true, actions: 'insert' },
        CHOOSE: [{ guard: 'canBuy', target: 'serving', actions: 'sell' }, { actions: raise({ type: 'BEEP' }) }],
        REFUND: { target: 'idle', actions: ['change', 'empty'] },
        BEEP: {},
      },
    },
    serving: {
      after: { 2000: [{ guard: ({ context }) => context.cents > 0, target: 'paying' }, { target: 'idle' }] },
      tags: 'busy',
    },
    soldOut: { on: { SERVICE: 'service' } },
    service: {
      on: {
        FILL: { actions: assign({ stock: [1, 1, 1, 1] }) },
        CLOSE: { target: 'idle', actions: ['change', 'empty'] },
      },
    },
  },
})
