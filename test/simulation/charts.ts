import { assign, fromPromise, setup, type AnyStateMachine } from 'xstate'
import {
  createMessageMachine,
  sendToMessage,
  startChildren,
  type AllDoneEvent,
  type ChildResult,
  type RetryPolicy,
} from '../../machines/index.ts'
import type { QueueOptions, RetryOptions } from '../../src/client/queue-options.ts'

/** Hears of the custom actions of all messages, by their ids. Machines are made once for all runs, which take a third of the time so. */
export const teller = { tell: (_id: string): void => {} }

/** A kind of queue that a seed may have. */
export interface Chart {
  readonly name: string
  readonly machineId: string
  readonly options: QueueOptions
  /** What its machine invokes. */
  readonly sources: readonly string[]
  /** A queue to which its messages send others. */
  readonly sendsTo?: string
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

/** The same for the machine itself. */
const PLAIN_RETRY: RetryPolicy = {
  attempts: 3,
  backoff: { type: 'exponential', delay: 200, max: 5000, jitter: 'none' },
  timeout: 6000,
  maxLeasesLost: 4,
}

/** The default machine with retries, time limits, cancellation and redriving. */
const mail: Chart = {
  name: 'mail',
  machineId: 'message',
  options: { retry: RETRY },
  sources: ['handler'],
  events: ['CANCEL', 'RETRY', 'REDRIVE'],
  takesNotes: false,
  attempts: 3,
  original: createMessageMachine(PLAIN_RETRY),
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
function orderMachine(): AnyStateMachine {
  const actor = fromPromise<unknown, unknown>(() => Promise.reject(new Error('a worker runs it')))
  return setup({
    types,
    actors: { charge: actor, pack: actor, label: actor },
    actions: {
      note: assign(noted),
      fail: assign(({ context }: Happening) => ({ failures: context.failures + 1 })),
      keepReceipt: assign(({ event }: Happening) => ({ paid: String(event.output) })),
      tell: ({ self }) => teller.tell(self.id),
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

const orders = orderMachine()

const order: Chart = {
  name: 'orders',
  machineId: 'order',
  // One whose actions lost their workers once too often would rest in quarantine, which is no end.
  options: { machine: orders, maxLeasesLost: 1000 },
  sources: ['charge', 'pack', 'label'],
  events: ['PAY', 'CANCEL'],
  takesNotes: true,
  original: orders,
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
  options: { machine: familyMachine() },
  sources: ['work'],
  events: ['PAY', 'CANCEL'],
  takesNotes: true,
  original: undefined,
}

/** What parents start. */
const kid: Chart = {
  ...mail,
  name: 'kids',
  events: [],
  options: { retry: { ...RETRY, attempts: 2 } },
  attempts: 2,
  original: createMessageMachine({ ...PLAIN_RETRY, attempts: 2 }),
}

export interface ParentContext {
  readonly id: string
  readonly joins: number
  readonly echoes: number
  readonly results: readonly ChildResult[]
}

const parentTypes = {} as {
  context: ParentContext
  events: { type: 'ECHO' } | AllDoneEvent
  input: { letter: string }
}

/** Starts children and joins them, then sends itself an event through the store. */
function parentMachine(): AnyStateMachine {
  return setup({
    types: parentTypes,
    actions: {
      join: assign(({ context, event }) =>
        event.type === 'allDone' ? { joins: context.joins + 1, results: event.results } : {},
      ),
      hear: assign(({ context }) => ({ echoes: context.echoes + 1 })),
    },
  }).createMachine({
    id: 'parent',
    context: ({ input }) => ({ id: input.letter, joins: 0, echoes: 0, results: [] }),
    initial: 'waiting',
    on: { allDone: { actions: 'join' }, ECHO: { actions: 'hear' } },
    states: {
      waiting: {
        entry: startChildren([{ queue: 'kids' }, { queue: 'kids', delay: 400 }, { queue: 'kids' }], {
          failed: 'collect',
        }),
        on: { allDone: { target: 'calling', actions: 'join' } },
      },
      calling: {
        entry: sendToMessage(({ context }) => ({ queue: 'parents', id: context.id }), { type: 'ECHO' }),
        on: { ECHO: { target: 'resting', actions: 'hear' } },
      },
      resting: { after: { 3000: 'done' } },
      done: { type: 'final' },
    },
  })
}

const parent: Chart = {
  name: 'parents',
  machineId: 'parent',
  options: { machine: parentMachine() },
  sources: [],
  sendsTo: 'kids',
  events: [],
  takesNotes: false,
  original: undefined,
}

/** Kinds of queues that a seed may have; `kids` come with their parents. */
export const CHARTS: readonly Chart[] = [mail, order, family, parent]

export const chartNamed = (name: string): Chart => [...CHARTS, kid].find((chart) => chart.name === name)!
