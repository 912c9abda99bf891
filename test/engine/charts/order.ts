import { assign, setup } from 'xstate'
import { logged, typed, type ChartEvent } from './chart.ts'

/** Writes down the order in which XState leaves, passes and enters states. */
export const order = setup({
  types: typed<{ context: { log: string[] }; events: ChartEvent }>(),
  actions: { note: assign({ log: ({ context }, entry: string) => logged(context.log, entry) }) },
}).createMachine({
  id: 'order',
  context: { log: [] },
  initial: 'a',
  entry: { type: 'note', params: '+root' },
  on: {
    TO_A: { target: '.a', actions: { type: 'note', params: 'to a' } },
    REENTER: { target: '#order', reenter: true },
    DEEP: '#order.b.b2.y',
  },
  states: {
    a: {
      entry: { type: 'note', params: '+a' },
      exit: [
        { type: 'note', params: '-a' },
        { type: 'note', params: ({ event }) => `-a by ${event.type}` },
      ],
      initial: 'a1',
      states: {
        a1: {
          entry: { type: 'note', params: '+a1' },
          exit: { type: 'note', params: '-a1' },
          on: { NEXT: { target: 'a2', actions: { type: 'note', params: 'a1 to a2' } }, INNER: {} },
        },
        a2: {
          entry: { type: 'note', params: '+a2' },
          exit: { type: 'note', params: '-a2' },
          on: {
            NEXT: '#order.b',
            SELF: { target: 'a2', reenter: true },
            INNER: { target: '#order.a', reenter: false },
          },
          after: { 20: 'a1' },
        },
      },
      on: {
        INNER: { target: '.a2', actions: { type: 'note', params: 'inner' } },
        OUTER: { target: '.a1', reenter: true },
      },
    },
    b: {
      type: 'parallel',
      entry: { type: 'note', params: '+b' },
      exit: { type: 'note', params: '-b' },
      on: { NEXT: { target: 'a', actions: { type: 'note', params: 'b to a' } } },
      states: {
        b1: {
          entry: { type: 'note', params: '+b1' },
          exit: { type: 'note', params: '-b1' },
          initial: 'x',
          states: {
            x: { entry: { type: 'note', params: '+b1x' }, exit: { type: 'note', params: '-b1x' }, on: { INNER: 'y' } },
            y: {
              entry: { type: 'note', params: '+b1y' },
              on: { SELF: { target: 'y', reenter: true }, OUTER: '#order.b.b1' },
            },
          },
        },
        b2: {
          entry: { type: 'note', params: '+b2' },
          exit: { type: 'note', params: '-b2' },
          initial: 'x',
          on: { OUTER: { target: '#order.b.b2', reenter: true } },
          states: {
            x: {
              exit: { type: 'note', params: '-b2x' },
              on: { INNER: { target: 'y', actions: { type: 'note', params: 'b2' } } },
            },
            y: { entry: { type: 'note', params: '+b2y' }, on: { INNER: 'x' } },
          },
        },
      },
    },
  },
})
