import { assign, setup } from 'xstate'
import {
  startChildren,
  type AllDoneEvent,
  type AnyFailedEvent,
  type ChildMessage,
  type JoinOptions,
} from '../../machines/index.ts'

export interface Heard {
  readonly events: readonly (AllDoneEvent | AnyFailedEvent)[]
}

/** A parent that starts its input's children in its very first step, and ends with what it heard when all is over. */
export function parentOf(options: JoinOptions, id = 'parent') {
  return setup({
    types: {
      context: {} as Heard & { children: readonly ChildMessage[] },
      input: {} as { children: readonly ChildMessage[] },
      events: {} as AllDoneEvent | AnyFailedEvent | { type: 'STOP' } | { type: 'AGAIN' },
      output: {} as Heard,
    },
    actions: {
      hear: assign({ events: ({ context, event }) => [...context.events, event as AllDoneEvent | AnyFailedEvent] }),
      begin: startChildren(({ context }) => context.children, options),
    },
  }).createMachine({
    id,
    context: ({ input }) => ({ children: input.children, events: [] }),
    initial: 'waiting',
    entry: 'begin',
    states: {
      waiting: {
        on: {
          anyFailed: { actions: 'hear' },
          allDone: { target: 'over', actions: 'hear' },
          AGAIN: { actions: 'begin' },
          STOP: 'over',
        },
      },
      over: { type: 'final' },
    },
    output: ({ context }) => ({ events: context.events }),
  })
}
