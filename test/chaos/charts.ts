import { assign, emit, fromPromise, setup } from 'xstate'

/** What each message of a chart of our own is sent with. */
export interface ChartInput {
  readonly id: string
  readonly seed: number
}

const work = () => fromPromise<unknown, { id: string; seed: number; turn: number }>(() => new Promise(() => {}))

/** Timers before, around and after a handler: one that takes longer than `limit` is left behind, and its late result is nobody's. */
export const timed = setup({
  types: {
    input: {} as ChartInput & { first: number; second: number },
    context: {} as ChartInput & { first: number; second: number; turn: number },
  },
  actors: { check: work() },
  delays: { first: ({ context }) => context.first, second: ({ context }) => context.second, limit: 300 },
  actions: { again: assign({ turn: ({ context }) => context.turn + 1 }) },
}).createMachine({
  id: 'timed',
  context: ({ input: { id, seed, first, second } }) => ({ id, seed, first, second, turn: 1 }),
  initial: 'waiting',
  states: {
    waiting: { after: { first: 'checking' } },
    checking: {
      invoke: {
        id: 'check',
        src: 'check',
        input: ({ context: { id, seed, turn } }) => ({ id, seed, turn }),
        onDone: 'cooling',
        onError: { target: 'checking', reenter: true, actions: 'again' },
      },
      after: { limit: { target: 'waiting', actions: 'again' } },
    },
    cooling: { after: { second: 'done' } },
    done: { type: 'final' },
  },
})

/** Notes that each of its senders numbers. Each is told of by an emitted event, so that the feed has them in the order of their steps. */
export const NOTES = { senders: ['a', 'b'], each: 3 } as const

export const ordered = setup({
  types: {
    input: {} as ChartInput,
    context: {} as ChartInput & { taken: number; turn: number },
    events: {} as { type: 'NOTE'; sender: string; number: number },
    emitted: {} as { type: 'noted'; sender: string; number: number },
  },
  actors: { review: work() },
  guards: {
    isComplete: ({ context }) => context.taken >= NOTES.senders.length * NOTES.each,
    isEven: ({ context }) => context.taken % 2 === 1,
  },
  actions: {
    note: assign({ taken: ({ context }) => context.taken + 1 }),
    tell: emit(({ event }) => ({ type: 'noted' as const, sender: event.sender, number: event.number })),
    again: assign({ turn: ({ context }) => context.turn + 1 }),
  },
}).createMachine({
  id: 'ordered',
  context: ({ input: { id, seed } }) => ({ id, seed, taken: 0, turn: 1 }),
  initial: 'open',
  states: {
    open: {
      always: { guard: 'isComplete', target: 'closed' },
      on: {
        NOTE: [{ guard: 'isEven', target: 'reviewing', actions: ['note', 'tell'] }, { actions: ['note', 'tell'] }],
      },
    },
    reviewing: {
      entry: 'again',
      invoke: {
        id: 'review',
        src: 'review',
        input: ({ context: { id, seed, turn } }) => ({ id, seed, turn }),
        onDone: 'open',
        onError: { target: 'reviewing', reenter: true },
      },
      on: { NOTE: { actions: ['note', 'tell'] } },
    },
    closed: { type: 'final' },
  },
})

const payment = setup({
  types: { input: {} as ChartInput, context: {} as ChartInput & { turn: number } },
  actors: { charge: work() },
  delays: { clearing: 40 },
  actions: { again: assign({ turn: ({ context }) => context.turn + 1 }) },
}).createMachine({
  id: 'payment',
  context: ({ input: { id, seed } }) => ({ id, seed, turn: 1 }),
  initial: 'charging',
  states: {
    charging: {
      invoke: {
        id: 'charge',
        src: 'charge',
        input: ({ context: { id, seed, turn } }) => ({ id, seed, turn }),
        onDone: 'clearing',
        onError: { target: 'charging', reenter: true, actions: 'again' },
      },
    },
    clearing: { after: { clearing: 'cleared' } },
    cleared: { type: 'final' },
  },
})

/** A machine within a machine. */
export const nested = setup({
  types: { input: {} as ChartInput, context: {} as ChartInput & { turn: number } },
  actors: { payment, ship: work() },
  actions: { again: assign({ turn: ({ context }) => context.turn + 1 }) },
}).createMachine({
  id: 'nested',
  context: ({ input: { id, seed } }) => ({ id, seed, turn: 1 }),
  initial: 'paying',
  states: {
    paying: { invoke: { id: 'payment', src: 'payment', input: ({ context }) => context, onDone: 'shipping' } },
    shipping: {
      invoke: {
        id: 'ship',
        src: 'ship',
        input: ({ context: { id, seed, turn } }) => ({ id, seed, turn }),
        onDone: 'shipped',
        onError: { target: 'shipping', reenter: true, actions: 'again' },
      },
    },
    shipped: { type: 'final' },
  },
})

/** Custom actions on entering each state; `mark` hears of each as it is run. */
export const acting = (mark: (id: string, name: string) => void) =>
  setup({
    types: { input: {} as ChartInput, context: {} as ChartInput & { turn: number } },
    actors: { act: work() },
    delays: { pause: 25 },
    actions: {
      mark: ({ context }, { name }: { name: string }) => mark(context.id, name),
      again: assign({ turn: ({ context }) => context.turn + 1 }),
    },
  }).createMachine({
    id: 'acting',
    context: ({ input: { id, seed } }) => ({ id, seed, turn: 1 }),
    initial: 'begun',
    states: {
      begun: { entry: { type: 'mark', params: { name: 'begun' } }, after: { pause: 'acting' } },
      acting: {
        entry: { type: 'mark', params: ({ context }) => ({ name: `acting ${context.turn}` }) },
        exit: { type: 'mark', params: { name: 'acted' } },
        invoke: {
          id: 'act',
          src: 'act',
          input: ({ context: { id, seed, turn } }) => ({ id, seed, turn }),
          onDone: 'resting',
          onError: { target: 'acting', reenter: true, actions: 'again' },
        },
      },
      resting: { entry: { type: 'mark', params: { name: 'resting' } }, after: { pause: 'ended' } },
      ended: { entry: { type: 'mark', params: { name: 'ended' } }, type: 'final' },
    },
  })
