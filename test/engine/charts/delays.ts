import { assign, setup } from 'xstate'
import { typed, type ChartEvent } from './chart.ts'

/** Delays as numbers, by name, computed from the context, several in one state, guarded, and at the root. */
export const delays = setup({
  types: typed<{ context: { round: number }; events: ChartEvent }>(),
  delays: {
    fixed: 250,
    doubling: ({ context }) => 100 * 2 ** (context.round % 8),
    byEvent: ({ event }) => (event.value ?? 0) * 1000,
  },
  actions: { again: assign({ round: ({ context }) => context.round + 1 }) },
}).createMachine({
  id: 'delays',
  context: { round: 0 },
  initial: 'first',
  after: { 86400000: '.late' },
  on: { RESTART: { target: '.first', reenter: true } },
  states: {
    first: {
      entry: 'again',
      after: { fixed: 'second', doubling: { guard: ({ context }) => context.round % 2 === 0, target: 'third' } },
      on: { TOUCH: { target: 'first', reenter: true }, KEEP: { actions: 'again' } },
    },
    second: {
      initial: 'inner',
      after: {
        1000: [
          { guard: ({ context }) => context.round > 5, target: 'late' },
          { target: 'first', actions: 'again' },
        ],
      },
      states: {
        inner: { after: { 0: 'outer', byEvent: '#delays.third' }, on: { TOUCH: { target: 'inner', reenter: true } } },
        outer: { after: { doubling: { actions: 'again' }, 400: 'inner' }, on: { NEXT: '#delays.third' } },
      },
    },
    third: {
      always: { guard: ({ context }) => context.round > 60, target: 'late' },
      after: { byEvent: 'first', 1.5: 'second' },
    },
    late: { entry: assign({ round: 0 }), on: { NEXT: 'first' } },
  },
})
