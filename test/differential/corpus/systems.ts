import {
  assign,
  cancel,
  emit,
  fromTransition,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stopChild,
  type AnyActorRef,
} from 'xstate'
import { typed } from '../../engine/charts/chart.ts'
import { inert } from '../inert.ts'
import { blank, note, notebook, type CorpusEvent, type In } from './notebook.ts'

interface Payment {
  readonly amount: number
  readonly tries: number
  readonly receipt: unknown
}

const payment = setup({
  types: typed<{ context: Payment; events: CorpusEvent; input: { amount: number }; output: unknown }>(),
  actors: { charge: inert },
  delays: { backoff: ({ context }) => context.tries * 100 },
  guards: { isTired: ({ context }) => context.tries > 3 },
  actions: { told: (_situation, _params: { readonly tries: number }) => {} },
}).createMachine({
  id: 'payment',
  context: ({ input }) => ({ amount: input.amount, tries: 0, receipt: undefined }),
  initial: 'charging',
  states: {
    charging: {
      entry: assign({ tries: ({ context }) => context.tries + 1 }),
      invoke: {
        id: 'charge',
        src: 'charge',
        input: ({ context }: In<Payment>) => ({ amount: context.amount, tries: context.tries }),
        onDone: {
          target: 'paid',
          actions: [assign({ receipt: ({ event }) => event.output }), sendParent({ type: 'NEWS', value: 1 })],
        },
        onError: [
          { guard: 'isTired', target: 'refused' },
          { target: 'waiting', actions: sendParent({ type: 'NEWS', value: 2 }) },
        ],
      },
      after: { 5000: 'waiting' },
    },
    waiting: {
      after: { backoff: 'charging' },
      on: {
        HURRY: 'charging',
        TELL: { actions: { type: 'told', params: ({ context }) => ({ tries: context.tries }) } },
      },
    },
    paid: { type: 'final' },
    refused: { type: 'final' },
  },
  output: ({ context }: In<Payment>) => ({ tries: context.tries, receipt: context.receipt }),
})

/** A machine that invokes a machine, hears of it, and hurries it. */
export const shop = notebook
  .createMachine({
    id: 'shop',
    context: blank,
    initial: 'cart',
    on: { NEWS: { actions: ['add', 'noteEvent'] } },
    states: {
      cart: { on: { PAY: 'paying', ADD: { actions: 'count' } } },
      paying: {
        exit: cancel('nudge'),
        invoke: {
          id: 'pay',
          src: 'work',
          input: ({ context }: In<{ count: number }>) => ({ amount: context.count }),
          onDone: { target: 'paid', actions: 'keepResult' },
          onError: 'cart',
        },
        on: {
          NUDGE: { actions: sendTo('pay', { type: 'HURRY' }) },
          LATER: { actions: sendTo('pay', { type: 'HURRY' }, { delay: 60, id: 'nudge' }) },
          NEVER: { actions: cancel('nudge') },
          ASK: { actions: sendTo('pay', { type: 'TELL' }) },
          STOP: 'cart',
          AGAIN: { target: 'paying', reenter: true },
        },
        after: { 20000: 'cart' },
      },
      paid: { entry: 'tell', on: { PAY: 'paying', ADD: 'cart' } },
    },
  })
  .provide({ actors: { work: payment as never } })

/** Two of the same machine in regions of their own, and a third level below a parent of both. */
const couple = notebook
  .createMachine({
    id: 'couple',
    context: blank,
    type: 'parallel',
    on: { NEWS: { actions: ['count', sendParent(({ context }) => ({ type: 'NEWS', value: context.count }))] } },
    states: {
      first: {
        initial: 'pay',
        states: {
          pay: { invoke: { id: 'one', src: 'work', input: { amount: 1 }, onDone: 'done' } },
          done: { type: 'final' },
        },
      },
      second: {
        initial: 'wait',
        states: {
          wait: { on: { HURRY: 'pay' }, after: { 400: 'pay' } },
          pay: {
            invoke: {
              id: 'two',
              src: 'work',
              input: { amount: 2 },
              onDone: { target: 'done', actions: 'keepResult' },
            },
          },
          done: { type: 'final' },
        },
      },
    },
    output: ({ context }: In<{ count: number }>) => context.count,
  })
  .provide({ actors: { work: payment as never } })

export const household = notebook
  .createMachine({
    id: 'household',
    context: blank,
    initial: 'busy',
    on: { NEWS: { actions: 'noteEvent' } },
    states: {
      busy: {
        invoke: { id: 'pair', src: 'work', onDone: { target: 'rest', actions: 'keepResult' } },
        on: {
          HURRY: { actions: sendTo('pair', { type: 'HURRY' }) },
          STOP: 'rest',
          AGAIN: { target: 'busy', reenter: true, actions: note('again') },
        },
      },
      rest: { after: { 1000: 'busy' }, on: { AGAIN: 'busy' } },
    },
  })
  .provide({ actors: { work: couple as never } })

const tally = fromTransition(
  (sum: { total: number; last: unknown }, event: CorpusEvent) =>
    event.type === 'ADD' ? { total: sum.total + (event.value ?? 1), last: event.extra } : sum,
  { total: 0, last: undefined },
)

/** A transition function as an actor, with a state that JSON cannot keep. */
export const counterBox = notebook
  .createMachine({
    id: 'counterBox',
    context: blank,
    initial: 'open',
    states: {
      open: {
        exit: cancel('late'),
        invoke: { id: 'sum', src: 'work' },
        on: {
          PUT: { actions: sendTo('sum', ({ event }: { event: CorpusEvent }) => ({ ...event, type: 'ADD' })) },
          SHUT: 'shut',
          LATE: { actions: sendTo('sum', { type: 'ADD' }, { id: 'late', delay: 40 }) },
        },
      },
      shut: { on: { OPEN: 'open' }, after: { 300: 'open' } },
    },
  })
  .provide({ actors: { work: tally as never } })

/** Actors that are spawned within an assign and kept in the context, and others by name with an id of the moment. */
export const garden = setup({
  types: typed<{
    context: { plants: readonly AnyActorRef[]; grown: readonly unknown[] }
    events: CorpusEvent
    children: Record<string, 'payment'>
  }>(),
  actors: { payment, tally },
  actions: {
    plant: assign({
      plants: ({ context, spawn }) =>
        context.plants.length > 2
          ? context.plants
          : [
              ...context.plants,
              spawn('payment', { id: `plant${context.plants.length}`, input: { amount: context.plants.length } }),
            ],
    }),
    harvest: assign({ grown: ({ context, event }) => [...context.grown.slice(-3), event.output] }),
  },
}).createMachine({
  id: 'garden',
  context: { plants: [], grown: [] },
  initial: 'day',
  on: { 'xstate.done.actor.*': { actions: 'harvest' }, 'xstate.error.actor.*': {}, NEWS: {} },
  states: {
    day: {
      on: {
        PLANT: { actions: 'plant' },
        WATER: {
          guard: ({ context }) => context.plants.length > 0,
          actions: sendTo(({ context }) => context.plants[0]!, { type: 'HURRY' }),
        },
        NIGHT: 'night',
      },
    },
    night: {
      entry: spawnChild('tally', { id: 'owl' }),
      exit: stopChild('owl'),
      on: { HOOT: { actions: sendTo('owl', ({ event }) => ({ type: 'ADD', value: event.value })) } },
      after: { 700: 'day' },
    },
  },
})

const speaker = setup({
  types: typed<{ context: { said: number }; events: CorpusEvent }>(),
}).createMachine({
  id: 'speaker',
  context: { said: 0 },
  initial: 'quiet',
  states: {
    quiet: { on: { SPEAK: 'loud' } },
    loud: {
      entry: [
        assign({ said: ({ context }) => context.said + 1 }),
        sendTo(
          ({ system }) => system.get('listener') as AnyActorRef,
          ({ context }) => ({ type: 'HEARD', value: context.said }),
        ),
      ],
      after: { 50: 'quiet' },
    },
  },
})

const listener = setup({ types: typed<{ context: { heard: number }; events: CorpusEvent }>() }).createMachine({
  id: 'listener',
  context: { heard: 0 },
  on: {
    HEARD: {
      actions: [
        assign({ heard: ({ context }) => context.heard + 1 }),
        sendParent(({ event }) => ({ type: 'ECHO', value: event.value })),
      ],
    },
  },
})

/** Siblings that find each other by their names in the system, and a parent that watches their snapshots. */
export const hall = setup({
  types: typed<{
    context: { echoes: number; seen: unknown }
    events: CorpusEvent
    emitted: { type: 'echo'; value: number }
  }>(),
  actors: { speaker, listener },
  actions: {
    see: assign({ seen: ({ event }) => (event as unknown as { snapshot: { value: unknown } }).snapshot.value }),
  },
}).createMachine({
  id: 'hall',
  context: { echoes: 0, seen: undefined },
  initial: 'open',
  states: {
    open: {
      invoke: [
        { id: 'l', src: 'listener', systemId: 'listener' },
        { id: 's', src: 'speaker', onSnapshot: { actions: 'see' } },
      ],
      on: {
        SAY: { actions: sendTo('s', { type: 'SPEAK' }) },
        ECHO: {
          actions: [
            assign({ echoes: ({ context }) => context.echoes + 1 }),
            emit(({ event }) => ({ type: 'echo', value: event.value ?? 0 })),
          ],
        },
        CLOSE: 'closed',
        AGAIN: { target: 'open', reenter: true },
      },
    },
    closed: { on: { OPEN: 'open' } },
  },
})
