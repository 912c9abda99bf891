import { assign, cancel, emit, enqueueActions, setup } from 'xstate'
import { typed } from '../../engine/charts/chart.ts'
import { inert } from '../inert.ts'
import type { CorpusEvent, In } from './notebook.ts'

/** A sensor: polls with backoff, counts failures, updates itself. */
export const sensor = setup({
  types: typed<{ context: { values: readonly unknown[]; failures: number; firmware: string }; events: CorpusEvent }>(),
  actors: { measure: inert, install: inert },
  delays: { interval: ({ context }) => Math.min(60000, 1000 * 2 ** context.failures) },
  actions: {
    store: assign({ values: ({ context, event }) => [...context.values.slice(-4), event.output], failures: 0 }),
    fail: assign({ failures: ({ context }) => Math.min(context.failures + 1, 12) }),
    flash: assign({ firmware: ({ event }) => `v${event.type.length}` }),
  },
  guards: { isDead: ({ context }) => context.failures > 5 },
}).createMachine({
  id: 'sensor',
  context: { values: [], failures: 0, firmware: 'v1' },
  initial: 'online',
  states: {
    online: {
      initial: 'waiting',
      on: { UPDATE: 'updating', UNPLUG: 'offline' },
      states: {
        waiting: { after: { interval: 'measuring' }, on: { MEASURE: 'measuring' } },
        measuring: {
          invoke: {
            id: 'measure',
            src: 'measure',
            input: ({ context }: In<{ failures: number; values: readonly unknown[] }>) => ({
              failures: context.failures,
              last: context.values.at(-1),
            }),
            onDone: { target: 'waiting', actions: 'store' },
            onError: [
              { guard: 'isDead', target: '#sensor.broken' },
              { target: 'waiting', actions: 'fail' },
            ],
          },
          after: { 500: { target: 'waiting', actions: 'fail' } },
        },
        last: { type: 'history' },
      },
    },
    updating: {
      invoke: {
        id: 'install',
        src: 'install',
        onDone: { target: 'online.last', actions: 'flash' },
        onError: { target: 'online', actions: 'fail' },
      },
    },
    offline: { on: { PLUG: 'online.last' }, after: { 86400000: 'broken' } },
    broken: { on: { PLUG: { target: 'online', actions: assign({ failures: 0 }) } } },
  },
})

interface Artifacts {
  readonly artifacts: ReadonlyMap<string, unknown>
}

/** A pipeline: stages one after the other, some of them manual, with a cancel at any time. */
export const pipeline = setup({
  types: typed<{
    context: { logs: readonly string[]; artifacts: ReadonlyMap<string, unknown>; run: number }
    events: CorpusEvent
    output: unknown
  }>(),
  actors: { job: inert },
  actions: {
    log: assign({ logs: ({ context, event }) => [...context.logs.slice(-5), event.type] }),
    keep: assign({
      artifacts: ({ context, event }, name: string) => new Map(context.artifacts).set(name, event.output),
    }),
    again: assign({ run: ({ context }) => context.run + 1, logs: [] }),
  },
}).createMachine({
  id: 'pipeline',
  context: { logs: [], artifacts: new Map<string, unknown>(), run: 1 },
  initial: 'queued',
  output: ({ context }: In<Artifacts>) => context.artifacts,
  states: {
    queued: { on: { PUSH: { actions: 'log' }, RUN: 'running' }, after: { 15000: 'running' } },
    running: {
      initial: 'build',
      on: { CANCEL: 'cancelled' },
      after: { 3600000: { target: 'failed', actions: 'log' } },
      onDone: 'deployed',
      states: {
        build: {
          invoke: {
            id: 'build',
            src: 'job',
            input: { stage: 'build' },
            onDone: { target: 'test', actions: { type: 'keep', params: 'build' } },
            onError: '#pipeline.failed',
          },
        },
        test: {
          type: 'parallel',
          onDone: 'approval',
          states: {
            unit: {
              initial: 'run',
              states: {
                run: {
                  invoke: {
                    id: 'unit',
                    src: 'job',
                    input: { stage: 'unit' },
                    onDone: 'ok',
                    onError: { target: 'run', reenter: true, actions: 'log' },
                  },
                },
                ok: { type: 'final' },
              },
            },
            e2e: {
              initial: 'run',
              states: {
                run: {
                  invoke: {
                    id: 'e2e',
                    src: 'job',
                    input: ({ context }: In<Artifacts>) => context.artifacts,
                    onDone: { target: 'ok', actions: { type: 'keep', params: 'e2e' } },
                    onError: '#pipeline.failed',
                  },
                },
                ok: { type: 'final' },
              },
            },
          },
        },
        approval: { on: { APPROVE: 'deploy', REJECT: '#pipeline.failed' }, after: { 7200000: '#pipeline.cancelled' } },
        deploy: { invoke: { id: 'deploy', src: 'job', onDone: 'end', onError: 'approval' } },
        end: { type: 'final' },
      },
    },
    deployed: { type: 'final', tags: 'succeeded' },
    failed: { on: { RETRY: { target: 'queued', actions: 'again' } } },
    cancelled: { on: { RETRY: { target: 'queued', actions: 'again' } } },
  },
})

/** Watches something by polling, and gives alarm when it is silent or wrong for too long. */
export const monitor = setup({
  types: typed<{
    context: { bad: number; ratio: number; last: unknown }
    events: CorpusEvent
    emitted: { type: 'alarm'; ratio: number }
  }>(),
  actors: { poll: inert },
  actions: {
    good: assign({ bad: 0, last: ({ event }) => event.output, ratio: ({ context }) => context.ratio / 2 }),
    worse: assign({
      bad: ({ context }) => context.bad + 1,
      ratio: ({ context }) => (context.bad === 3 ? NaN : context.ratio + 1 / 3),
    }),
  },
}).createMachine({
  id: 'monitor',
  context: { bad: 0, ratio: 1, last: undefined },
  initial: 'polling',
  states: {
    polling: {
      invoke: {
        id: 'poll',
        src: 'poll',
        onDone: { target: 'resting', actions: 'good' },
        onError: { target: 'resting', actions: 'worse' },
      },
      after: { 2000: { target: 'resting', actions: ['worse', cancel('nothing')] } },
    },
    resting: {
      entry: enqueueActions(({ context, enqueue }) => {
        if (context.bad > 2) enqueue.raise({ type: 'ALARM' })
      }),
      after: { 10000: 'polling' },
      on: { ALARM: { target: 'alarmed' }, POLL: 'polling' },
    },
    alarmed: {
      entry: emit(({ context }) => ({ type: 'alarm', ratio: context.ratio })),
      after: { 30000: 'polling' },
      on: { ACK: { target: 'polling', actions: assign({ bad: 0, ratio: 1 }) } },
    },
  },
})
