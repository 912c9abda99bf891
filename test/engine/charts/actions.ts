import {
  assign,
  cancel,
  emit,
  enqueueActions,
  fromPromise,
  log,
  raise,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from 'xstate'
import { typed, type ChartEvent } from './chart.ts'

interface Context {
  count: number
  name: string
}

/** Everything that a machine can ask for beside a new state: named and inline actions, emits, logs, sends, spawned actors. */
export const actions = setup({
  types: typed<{
    context: Context
    events: ChartEvent
    emitted: { type: 'pinged'; count: number } | { type: 'moved' }
  }>(),
  actors: { helper: fromPromise<unknown, unknown>(() => Promise.resolve()) },
  actions: {
    notify: (_situation, _params: { to: string; count?: number }) => {},
    plain: () => {},
    add: assign({ count: ({ context, event }) => context.count + (event.value ?? 1) }),
  },
}).createMachine({
  id: 'actions',
  context: { count: 0, name: 'n' },
  initial: 'here',
  entry: [{ type: 'notify', params: { to: 'start' } }, 'plain'],
  exit: 'plain',
  on: {
    PING: { actions: [emit(({ context }) => ({ type: 'pinged', count: context.count })), 'plain'] },
    NOTE: { actions: { type: 'notify', params: ({ context, event }) => ({ to: event.type, count: context.count }) } },
    LOG: { actions: [log('fixed'), log(({ context }) => ({ count: context.count }))] },
    BOTH: {
      actions: enqueueActions(({ context, enqueue, check }) => {
        enqueue.assign({ name: `n${context.count}` })
        enqueue({ type: 'notify', params: { to: context.name } })
        if (check(({ event }) => event.value === 3)) enqueue.raise({ type: 'MOVE' })
        enqueue.raise({ type: 'MOVE' }, { id: 'slow', delay: 50 })
        enqueue.cancel('slower')
      }),
    },
    INLINE: { actions: [() => {}, function shout() {}] },
    CANCEL: { actions: [cancel('slow'), cancel('letter')] },
    SELF: {
      actions: sendTo(
        ({ self }) => self,
        ({ event }) => ({ type: 'MOVE', value: event.value ?? 0 }),
        { delay: 30, id: 'letter' },
      ),
    },
    SELF_NOW: { actions: sendTo(({ self }) => self, { type: 'MOVE' }) },
  },
  states: {
    here: {
      entry: 'add',
      exit: [emit({ type: 'moved' }), { type: 'notify', params: { to: 'leaving' } }],
      on: { MOVE: 'there' },
    },
    there: {
      entry: [
        spawnChild('helper', {
          id: 'spawned',
          input: ({ context }: { context: Context }) => ({ count: context.count }),
        }),
        sendTo('invoked', { type: 'HELLO' }),
        sendTo('invoked', ({ context }) => ({ type: 'LATER', count: context.count }), { id: 'later', delay: 700 }),
        raise({ type: 'MOVE' }, { id: 'slower', delay: ({ context }) => context.count }),
      ],
      invoke: { id: 'invoked', src: 'helper' },
      exit: [stopChild('spawned'), cancel('later')],
      on: {
        MOVE: 'here',
        STOP: { actions: [stopChild('spawned'), stopChild('unknown')] },
        SPAWN: { actions: spawnChild('helper', { id: ({ event }) => `extra-${(event.value ?? 0) % 3}` }) },
        SEND: { actions: sendTo(({ context }) => (context.count % 2 === 0 ? 'invoked' : 'spawned'), { type: 'HI' }) },
        'xstate.done.actor.spawned': { actions: 'add' },
        'xstate.error.actor.spawned': { actions: 'plain' },
        'xstate.error.actor.invoked': 'here',
      },
    },
  },
})
