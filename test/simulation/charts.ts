import { assign, fromPromise, setup, type AnyStateMachine } from 'xstate'
import { createMessageMachine } from '../../machines/index.ts'
import type { QueueOptions, RetryOptions } from '../../src/client/queue-options.ts'

/** What a chart asks of the process that runs it. */
export interface ChartActions {
  /** Runs a custom action of a message. */
  tell(id: string): void
}

/** A kind of queue that a seed may have. */
export interface Chart {
  readonly name: string
  readonly machineId: string
  /** Options of the queue; made for each process, as each has code of its own. */
  options(actions: ChartActions): QueueOptions
  /** Events that may be sent to it at any time, beside notes. */
  readonly events: readonly string[]
  /** Whether its messages take notes, in whichever state, and return them in their context. */
  readonly takesNotes: boolean
  /** The same machine for XState to replay a history in; `undefined` where its steps cannot be taken one by one. */
  readonly original: AnyStateMachine | undefined
  /** Attempts that a message may use up, since it was sent or redriven. */
  readonly attempts?: number
}

const RETRY: RetryOptions = {
  attempts: 3,
  backoff: { type: 'exponential', delay: 200, max: '5s', jitter: 'none' },
  timeout: '6s',
  maxLeasesLost: 4,
}

/** The default machine with retries, time limits, cancellation and redriving. */
const mail: Chart = {
  name: 'mail',
  machineId: 'message',
  options: () => ({ retry: RETRY }),
  events: ['CANCEL', 'RETRY', 'REDRIVE'],
  takesNotes: false,
  attempts: 3,
  original: createMessageMachine({
    attempts: 3,
    backoff: { type: 'exponential', delay: 200, max: 5000, jitter: 'none' },
    timeout: 6000,
    maxLeasesLost: 4,
  }),
}

interface OrderContext {
  readonly notes: readonly number[]
  readonly failures: number
  readonly paid: string
}

interface Happening {
  readonly context: OrderContext
  readonly event: { readonly type: string; readonly n?: number; readonly output?: unknown }
}

const types = {} as { context: OrderContext; events: Happening['event'] }

const noted = ({ context, event }: Happening) => ({ notes: [...context.notes, event.n ?? -1] })

/** Timers, signals in every state, parallel handlers, actions, and a way back. */
function orderMachine({ tell }: ChartActions): AnyStateMachine {
  const actor = fromPromise<unknown, unknown>(() => Promise.reject(new Error('a worker runs it')))
  return setup({
    types,
    actors: { charge: actor, pack: actor, label: actor },
    actions: {
      note: assign(noted),
      fail: assign(({ context }: Happening) => ({ failures: context.failures + 1 })),
      keepReceipt: assign(({ event }: Happening) => ({ paid: String(event.output) })),
      tell: ({ self }) => tell(self.id),
    },
    guards: { isHopeless: ({ context }: Happening) => context.failures >= 4 },
    delays: { backoff: ({ context }: Happening) => 300 * (context.failures + 1) },
  }).createMachine({
    id: 'order',
    context: { notes: [], failures: 0, paid: '' },
    initial: 'open',
    on: { NOTE: { actions: 'note' } },
    states: {
      open: { on: { PAY: 'charging', CANCEL: 'cancelled' }, after: { 9000: 'charging' } },
      charging: {
        entry: 'tell',
        invoke: {
          id: 'charge',
          src: 'charge',
          input: ({ context }: Happening) => ({ failures: context.failures }),
          onDone: { target: 'shipping', actions: ['keepReceipt', 'tell'] },
          onError: [
            { guard: 'isHopeless', target: 'failed' },
            { target: 'waiting', actions: 'fail' },
          ],
        },
        after: { 5000: { target: 'waiting', actions: 'fail' } },
        on: { CANCEL: 'cancelled' },
      },
      waiting: { after: { backoff: 'charging' }, on: { PAY: 'charging', CANCEL: 'cancelled' } },
      shipping: {
        type: 'parallel',
        onDone: 'resting',
        states: {
          goods: {
            initial: 'packing',
            states: {
              packing: { invoke: { id: 'pack', src: 'pack', onDone: 'packed', onError: 'late' } },
              late: { after: { 700: 'packing' } },
              packed: { type: 'final' },
            },
          },
          paper: {
            initial: 'labelling',
            states: {
              labelling: { invoke: { id: 'label', src: 'label', onDone: 'labelled', onError: 'missing' } },
              missing: { after: { 400: 'labelling' } },
              labelled: { type: 'final' },
            },
          },
        },
      },
      resting: { entry: 'tell', after: { 1500: 'delivered' } },
      delivered: { type: 'final', tags: 'succeeded' },
      failed: { type: 'final', tags: 'dead', entry: 'tell' },
      cancelled: { type: 'final', tags: 'cancelled' },
    },
  })
}

const order: Chart = {
  name: 'orders',
  machineId: 'order',
  options: (actions) => ({ machine: orderMachine(actions) }),
  events: ['PAY', 'CANCEL'],
  takesNotes: true,
  original: orderMachine({ tell: () => {} }),
}

/** A machine that invokes a machine, which has a timer and a handler of its own. */
function familyMachine(): AnyStateMachine {
  const actor = fromPromise<unknown, unknown>(() => Promise.reject(new Error('a worker runs it')))
  const child = setup({ actors: { work: actor } }).createMachine({
    id: 'child',
    initial: 'working',
    states: {
      working: { invoke: { id: 'work', src: 'work', onDone: 'done', onError: 'resting' }, after: { 4000: 'resting' } },
      resting: { after: { 500: 'working' } },
      done: { type: 'final' },
    },
    output: { done: true },
  })
  return setup({
    types,
    actors: { child },
    actions: { note: assign(noted) },
  }).createMachine({
    id: 'family',
    context: { notes: [], failures: 0, paid: '' },
    initial: 'waiting',
    on: { NOTE: { actions: 'note' } },
    states: {
      waiting: { after: { 300: 'raising' }, on: { PAY: 'raising' } },
      raising: { invoke: { id: 'child', src: 'child', onDone: 'done' }, on: { CANCEL: 'cancelled' } },
      done: { type: 'final', tags: 'succeeded' },
      cancelled: { type: 'final', tags: 'cancelled' },
    },
  })
}

const family: Chart = {
  name: 'families',
  machineId: 'family',
  options: () => ({ machine: familyMachine() }),
  events: ['PAY', 'CANCEL'],
  takesNotes: true,
  original: undefined,
}

export const CHARTS: readonly Chart[] = [mail, order, family]
