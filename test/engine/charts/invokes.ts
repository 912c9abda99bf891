import { assign, fromPromise, setup, stopChild } from 'xstate'
import { logged, typed, type ChartEvent } from './chart.ts'

interface Context {
  attempt: number
  log: string[]
}

const never = fromPromise<unknown, unknown>(() => Promise.resolve())

/** Invocations in nested and parallel states, re-entered together with timers; unhandled errors end the machine. */
export const invokes = setup({
  types: typed<{ context: Context; events: ChartEvent; output: unknown }>(),
  actors: { fetch: never, parse: never, watch: never, beat: never },
  delays: { backoff: ({ context }) => context.attempt * 100 },
  guards: { isTired: ({ context }) => context.attempt > 4 },
  actions: {
    count: assign({ attempt: ({ context }) => context.attempt + 1 }),
    rest: assign({ attempt: 0 }),
    result: assign({
      log: ({ context, event }) => logged(context.log, JSON.stringify((event as { output?: unknown }).output ?? null)),
    }),
    failure: assign({ log: ({ context, event }) => logged(context.log, String((event as { error?: unknown }).error)) }),
  },
}).createMachine({
  id: 'invokes',
  context: { attempt: 0, log: [] },
  initial: 'load',
  output: ({ context }: { context: Context }) => context.log,
  on: { RESET: { target: '#invokes', reenter: true } },
  states: {
    load: {
      invoke: { id: 'watch', src: 'watch', input: { whole: true }, onError: { actions: 'failure' } },
      initial: 'fetching',
      on: { AGAIN: { target: 'load', reenter: true }, INNER: { target: '.fetching' }, GIVE_UP: 'rest' },
      states: {
        fetching: {
          entry: 'count',
          invoke: {
            id: 'fetch',
            src: 'fetch',
            input: ({ context }: { context: Context }) => ({ attempt: context.attempt }),
            onDone: { target: 'work', actions: 'result' },
            onError: [
              { guard: 'isTired', target: '#invokes.rest' },
              { target: 'waiting', actions: 'failure' },
            ],
          },
          after: { 3000: { target: 'fetching', reenter: true }, 60000: '#invokes.rest' },
          on: { RETRY: { target: 'fetching', reenter: true }, SAME: 'fetching', DROP: { actions: stopChild('fetch') } },
        },
        waiting: { after: { backoff: 'fetching' }, on: { RETRY: 'fetching' } },
        work: {
          type: 'parallel',
          onDone: '#invokes.finished',
          states: {
            parse: {
              initial: 'running',
              states: {
                running: {
                  invoke: [
                    { id: 'parse', src: 'parse', onDone: 'parsed', onError: { target: 'running', reenter: true } },
                    { src: 'beat', input: ({ event }: { event: ChartEvent }) => event.type },
                  ],
                  after: { 500: { target: 'running', reenter: true, actions: 'count' } },
                },
                parsed: { type: 'final' },
              },
            },
            proof: {
              initial: 'open',
              states: {
                open: {
                  invoke: { id: 'proof', src: 'fetch', onDone: { target: 'read', actions: 'result' } },
                  on: { SAME: 'open' },
                },
                read: { type: 'final' },
              },
            },
          },
        },
      },
    },
    rest: { entry: 'rest', on: { AGAIN: 'load' }, after: { 10: 'load' } },
    finished: { type: 'final' },
  },
})
