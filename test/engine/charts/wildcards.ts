import { assign, setup } from 'xstate'
import { logged, typed, type ChartEvent } from './chart.ts'

/** Wildcards at every level, beside exact names and events that are forbidden on purpose. */
export const wildcards = setup({
  types: typed<{ context: { log: string[] }; events: ChartEvent }>(),
  actions: { note: assign({ log: ({ context, event }, at: string) => logged(context.log, `${at}:${event.type}`) }) },
}).createMachine({
  id: 'wildcards',
  context: { log: [] },
  initial: 'shut',
  on: {
    '*': { actions: { type: 'note', params: 'root' } },
    'order.*': { actions: { type: 'note', params: 'orders' } },
  },
  states: {
    shut: {
      on: {
        'order.placed': 'open',
        'order.*': { actions: { type: 'note', params: 'early' } },
        'order.item.*': { target: 'shut', reenter: true, actions: { type: 'note', params: 'item' } },
        KNOCK: {},
      },
    },
    open: {
      initial: 'quiet',
      on: { 'order.closed': 'shut', '*': { guard: ({ event }) => event.value === 7, target: 'shut' } },
      states: {
        quiet: { on: { 'order.item.*': 'loud', 'order.item.broken': { actions: { type: 'note', params: 'broken' } } } },
        loud: { on: { '*': 'quiet', KNOCK: { actions: { type: 'note', params: 'knock' } }, 'order.*': undefined } },
      },
    },
  },
})
