import { assign, enqueueActions, setup, type PromiseActorLogic } from 'xstate'
import {
  sendToMessage,
  startChildren,
  type AllDoneEvent,
  type AnyFailedEvent,
  type ChildMessage,
  type ChildResult,
  type FailedPolicy,
  type TalkAction,
} from '../talk.ts'
import { createAttempts, type AfterFailure, type StepRetry } from './attempts.ts'
import { MINUTE } from './duration.ts'

export interface BatchInput {
  /** What is to be done, each as a message of its queue. Give them ids, and a batch that is given up can cancel them. */
  readonly children: readonly ChildMessage[]
  /**
   * What a child that fails means. `collect`: its error is one of the results. `report`: as well, and `warn` is told of the first at once.
   * `cancel`: the batch has failed, and the other children are cancelled.
   */
  readonly failed: FailedPolicy
  /** Of the handlers. Default: 5 attempts, 1 s doubled each time up to 5 minutes, fully spread; 1 minute for each. */
  readonly retry?: StepRetry
}

export interface BatchContext extends AfterFailure, Omit<BatchInput, 'retry'> {
  readonly results?: readonly ChildResult[]
  /** The first child that failed. */
  readonly failure?: Pick<AnyFailedEvent, 'child' | 'error'>
  readonly output?: unknown
}

/** The first two come from the join of the children. CANCEL gives up; RETRY tries a handler now; REDRIVE begins again what is dead. */
export type BatchEvent = AllDoneEvent | AnyFailedEvent | { type: 'CANCEL' } | { type: 'RETRY' } | { type: 'REDRIVE' }

const types = {} as {
  context: BatchContext
  events: BatchEvent
  input: BatchInput
  output: unknown
  tags: 'succeeded' | 'cancelled' | 'retrying' | 'dead' | 'settled'
}

const step = createAttempts({ timeout: MINUTE })
const start = (failed: FailedPolicy) =>
  startChildren<BatchContext, BatchEvent, BatchEvent>(({ context }) => context.children, { failed })

const orPark = [
  { guard: 'mayRetry', target: 'combiningLater', actions: 'recordFailure' },
  { target: 'stuck', actions: 'recordFailure' },
] as const

/** Many messages from one, and one result from many: starts the children, waits for all, and combines what they returned. */
export const batch = setup({
  types,
  // Types alone: the handlers of a worker, or provide(), bring the code.
  actors: {} as { combine: PromiseActorLogic<unknown, { results: readonly ChildResult[] }> },
  guards: {
    mayRetry: ({ context, event }) => step.mayRetry(context.attempts, event),
    collects: ({ context }) => context.failed === 'collect',
    reports: ({ context }) => context.failed === 'report',
    cancels: ({ context }) => context.failed === 'cancel',
  },
  actions: {
    startCollecting: start('collect'),
    startReporting: start('report'),
    startCancelling: start('cancel'),
    keepResults: assign(({ event }) => (event.type === 'allDone' ? { results: event.results } : {})),
    keepFailure: assign(({ event }) =>
      event.type === 'anyFailed' ? { failure: { child: event.child, error: event.error } } : {},
    ),
    cancelChildren: cancelAll(),
    countAttempt: assign(({ context }) => ({ attempts: step.counted(context.attempts) })),
    recordFailure: assign(({ context, event }) => step.failed(context.attempts, event)),
    startAgain: assign(({ context }) => ({ attempts: step.again(context.attempts) })),
    keepOutput: assign((_, { output }: { output: unknown }) => ({ output })),
  },
  delays: {
    backoff: ({ context }) => context.attempts.delay ?? 0,
    timeLimit: ({ context }) => step.timeLimit(context.attempts),
  },
}).createMachine({
  id: 'batch',
  version: '1',
  description: 'Many messages from one, and one result from many.',
  // The attempts count lost workers themselves.
  meta: { redrive: { leaseLost: 'error' } },
  context: ({ input: { children, failed, retry } }) => ({ children, failed, attempts: step.none(retry) }),
  initial: 'starting',
  states: {
    starting: {
      always: [
        { guard: 'collects', target: 'running', actions: 'startCollecting' },
        { guard: 'reports', target: 'running', actions: 'startReporting' },
        { target: 'running', actions: 'startCancelling' },
      ],
    },
    running: {
      on: {
        allDone: { target: 'combining', actions: 'keepResults' },
        anyFailed: [{ guard: 'cancels', target: 'failed', actions: 'keepFailure' }, { actions: 'keepFailure' }],
        CANCEL: { target: 'cancelled', actions: 'cancelChildren' },
      },
    },
    combining: {
      entry: 'countAttempt',
      invoke: {
        id: 'combine',
        src: 'combine',
        input: ({ context: { results = [] } }) => ({ results }),
        onDone: {
          target: 'succeeded',
          actions: { type: 'keepOutput', params: ({ event }) => ({ output: event.output }) },
        },
        onError: orPark,
      },
      after: { timeLimit: orPark },
    },
    combiningLater: { tags: 'retrying', after: { backoff: 'combining' }, on: { RETRY: 'combining' } },
    stuck: {
      description: 'The children are done, and their results could not be combined.',
      tags: ['dead', 'settled'],
      on: { REDRIVE: { target: 'combining', actions: 'startAgain' } },
    },
    failed: {
      description: 'A child failed, and the others were cancelled.',
      tags: ['dead', 'settled'],
      on: { REDRIVE: { target: 'starting', actions: 'startAgain' } },
    },
    succeeded: { type: 'final', tags: 'succeeded' },
    cancelled: { type: 'final', tags: 'cancelled' },
  },
  output: ({ context }: { context: BatchContext }) => context.output,
})

/** One event for each child that has an id of its own; the machine cannot know the others. */
function cancelAll(): TalkAction<BatchContext, BatchEvent, BatchEvent> {
  return enqueueActions<BatchContext, BatchEvent, undefined, BatchEvent>(({ context, enqueue }) => {
    for (const { queue, id } of context.children)
      if (id !== undefined) enqueue(sendToMessage({ queue, id }, { type: 'CANCEL' }))
  })
}
