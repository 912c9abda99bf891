import { assign, cancel, raise, setup } from 'xstate'
import { typed, type ChartEvent } from './chart.ts'

/** Raised events, immediate and delayed, their cancellation, and chains of transitions without an event. */
export const raised = setup({
  types: typed<{ context: { count: number; hops: number }; events: ChartEvent }>(),
  delays: { soon: ({ context }) => 10 + context.count, later: 5000 },
  actions: {
    hop: assign({ hops: ({ context }) => context.hops + 1 }),
    add: assign({ count: ({ context, event }) => (context.count + (event.value ?? 1)) % 50 }),
    remind: raise(({ context }) => ({ type: 'REMINDER', value: context.count }), { id: 'reminder', delay: 'soon' }),
  },
}).createMachine({
  id: 'raised',
  context: { count: 0, hops: 0 },
  initial: 'idle',
  on: {
    REMIND: { actions: 'remind' },
    FORGET: { actions: cancel('reminder') },
    FORGET_ONE: { actions: cancel(({ event }) => `nudge-${(event.value ?? 0) % 3}`) },
    NUDGE: {
      actions: raise(({ event }) => ({ type: 'REMINDER', value: event.value ?? 0 }), {
        id: 'nudge-1',
        delay: ({ event }) => (event.value ?? 0) * 100,
      }),
    },
    NAMELESS: { actions: raise({ type: 'REMINDER', value: 1 }, { delay: 0 }) },
  },
  states: {
    idle: {
      on: {
        GO: { target: 'first', actions: ['add', raise({ type: 'CHECK' }), raise({ type: 'NEVER_HEARD' })] },
        REMINDER: { actions: ['add', 'hop'] },
      },
    },
    first: {
      entry: 'hop',
      always: { guard: ({ context }) => context.count % 2 === 0, target: 'second' },
      on: { CHECK: 'second' },
    },
    second: {
      entry: ['hop', raise({ type: 'CHECK' })],
      always: [
        { guard: ({ context }) => context.count > 40, target: 'idle', actions: 'hop' },
        { guard: ({ context }) => context.count % 3 === 0, target: 'third' },
      ],
      on: { CHECK: { target: 'third', actions: raise({ type: 'ONWARD' }) }, REMINDER: 'idle' },
    },
    third: {
      entry: 'remind',
      exit: cancel('reminder'),
      on: {
        ONWARD: { actions: ['hop', raise(({ context }) => ({ type: context.count % 5 === 0 ? 'BACK' : 'STAY' }))] },
        STAY: { actions: 'add' },
        BACK: 'idle',
        REMINDER: 'fourth',
      },
    },
    fourth: { entry: raise({ type: 'BACK' }, { delay: 'later' }), on: { BACK: 'idle', GO: 'first' } },
  },
})
