import { and, assign, not, or, setup, stateIn } from 'xstate'
import { typed, type ChartEvent } from './chart.ts'

/** Guards by name, with parameters, inline, by state, and combined. */
export const guards = setup({
  types: typed<{ context: { count: number }; events: ChartEvent }>(),
  guards: {
    isOdd: ({ context }) => context.count % 2 === 1,
    isBig: ({ context }) => context.count > 12,
    isAtLeast: ({ context }, { limit }: { limit: number }) => context.count >= limit,
    isCalm: not('isBig'),
    isOddAndCalm: and(['isOdd', 'isCalm']),
  },
  actions: {
    add: assign({ count: ({ context, event }) => context.count + (event.value ?? 0) }),
    reset: assign({ count: 0 }),
  },
}).createMachine({
  id: 'guards',
  context: { count: 0 },
  initial: 'closed',
  on: { ADD: { actions: 'add' }, RESET: { guard: or(['isBig', stateIn('closed')]), actions: 'reset' } },
  states: {
    closed: {
      on: {
        TRY: [
          { guard: and(['isBig', not('isOdd')]), target: 'open.wide' },
          { guard: { type: 'isAtLeast', params: ({ event }) => ({ limit: (event.value ?? 0) * 3 }) }, target: 'open' },
          { guard: or(['isOddAndCalm', ({ event }) => event.value === 0]), target: 'ajar' },
          { actions: 'reset' },
        ],
      },
    },
    ajar: {
      always: { guard: and([{ type: 'isAtLeast', params: { limit: 9 } }, stateIn('#ajar')]), target: 'open' },
      id: 'ajar',
      on: { SHUT: { guard: not('isOdd'), target: 'closed' } },
    },
    open: {
      initial: 'narrow',
      on: { SHUT: { guard: not(stateIn({ open: 'wide' })), target: 'closed' } },
      states: {
        narrow: {
          on: { TRY: { guard: or([and(['isBig', 'isOdd']), ({ event }) => event.value === 9]), target: 'wide' } },
        },
        wide: { on: { SHUT: { guard: not(and(['isBig', 'isOdd'])), target: 'narrow' } } },
      },
    },
  },
})
