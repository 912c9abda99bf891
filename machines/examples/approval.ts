import { assign, setup, type PromiseActorLogic } from 'xstate'
import { createAttempts, type AfterFailure, type StepRetry } from './attempts.ts'
import { checkDuration, checkInterval, DAY, MINUTE } from './duration.ts'

export interface ApprovalInput {
  /** What is to be approved, in whatever form the handlers understand. */
  readonly request: unknown
  /** Whom to ask. */
  readonly approver: string
  /** Whom to ask once the approver has let the time pass. Default: nobody, and it expires. */
  readonly deputy?: string
  /** Milliseconds from one reminder to the next. Default 1 day. */
  readonly remindEvery?: number
  /** Milliseconds that each who is asked has. Default 7 days. */
  readonly expiresAfter?: number
  /** Of asking, and of carrying out. Default: 5 attempts, 1 s doubled each time up to 5 minutes, fully spread; 1 minute for each. */
  readonly retry?: StepRetry
}

export interface Decision {
  readonly answer: 'approved' | 'rejected'
  readonly by: string
  readonly comment?: string
}

export interface ApprovalContext extends AfterFailure, Omit<ApprovalInput, 'retry'> {
  readonly remindEvery: number
  readonly expiresAfter: number
  /** Reminders that were sent to the present approver. */
  readonly reminders: number
  readonly escalated?: boolean
  readonly decision?: Decision
  /** What carrying it out returned. */
  readonly result?: unknown
}

/**
 * APPROVE and REJECT decide, DELEGATE asks somebody else in the time that is left, CANCEL withdraws the request. RETRY reminds now, or
 * tries now what failed; REDRIVE tries once more to carry out what is approved and could not be.
 * Whether `by` may decide is for the sender of the event to check: a message cannot know who signs.
 */
export type ApprovalEvent =
  | { type: 'APPROVE'; by: string; comment?: string }
  | { type: 'REJECT'; by: string; comment?: string }
  | { type: 'DELEGATE'; to: string }
  | { type: 'CANCEL' }
  | { type: 'RETRY' }
  | { type: 'REDRIVE' }

export type ApprovalOutput =
  | (Decision & { readonly result?: unknown })
  | { readonly answer: 'expired'; readonly result?: never }

/** What the handler that asks gets. */
export interface Question {
  readonly request: unknown
  readonly approver: string
  /** 0 for the question itself, 1 for the first reminder. */
  readonly reminder: number
}

const types = {} as {
  context: ApprovalContext
  events: ApprovalEvent
  input: ApprovalInput
  output: ApprovalOutput
  tags: 'succeeded' | 'cancelled' | 'retrying' | 'dead' | 'settled'
}

const step = createAttempts({ timeout: MINUTE })

/** A question that cannot be delivered does not end the matter: the next reminder is another chance. */
const orWait = [
  { guard: 'mayRetry', target: 'askingLater', actions: 'recordFailure' },
  { target: 'waiting', actions: 'recordFailure' },
] as const

const orPark = [
  { guard: 'mayRetry', target: 'carryingOutLater', actions: 'recordFailure' },
  { target: 'stuck', actions: 'recordFailure' },
] as const

/**
 * Somebody must say yes: asks, reminds, and expires when nobody answers; asks a deputy first where there is one. What is approved is
 * carried out. Days of waiting cost one entry in a sorted set.
 */
export const approval = setup({
  types,
  // Types alone: the handlers of a worker, or provide(), bring the code.
  actors: {} as {
    ask: PromiseActorLogic<unknown, Question>
    carryOut: PromiseActorLogic<unknown, { request: unknown; decision: Decision | undefined }>
  },
  guards: {
    mayRetry: ({ context, event }) => step.mayRetry(context.attempts, event),
    hasDeputy: ({ context: { deputy, escalated } }) => deputy !== undefined && escalated !== true,
  },
  actions: {
    countAttempt: assign(({ context }) => ({ attempts: step.counted(context.attempts) })),
    recordFailure: assign(({ context, event }) => step.failed(context.attempts, event)),
    startAgain: assign(({ context }) => ({ attempts: step.again(context.attempts) })),
    remind: assign(({ context }) => ({
      reminders: context.reminders + 1,
      attempts: step.again(context.attempts),
    })),
    askAnother: assign(({ context }, approver: string) => ({
      approver,
      reminders: 0,
      attempts: step.again(context.attempts),
    })),
    escalate: assign({ escalated: true }),
    decide: assign(({ context: { attempts } }, decision: Decision) => ({ decision, attempts: step.again(attempts) })),
    keepResult: assign((_, { result }: { result: unknown }) => ({ result })),
  },
  delays: {
    reminder: ({ context }) => context.remindEvery,
    expiry: ({ context }) => context.expiresAfter,
    backoff: ({ context }) => context.attempts.delay ?? 0,
    timeLimit: ({ context }) => step.timeLimit(context.attempts),
  },
}).createMachine({
  id: 'approval',
  version: '1',
  description: 'A person must say yes before it is done.',
  // The attempts count lost workers themselves.
  meta: { redrive: { leaseLost: 'error' } },
  context: ({ input: { request, approver, deputy, remindEvery = DAY, expiresAfter = 7 * DAY, retry } }) => {
    checkInterval(remindEvery, 'remindEvery')
    checkDuration(expiresAfter, 'expiresAfter')
    const asked = deputy === undefined ? { request, approver } : { request, approver, deputy }
    return { ...asked, remindEvery, expiresAfter, reminders: 0, attempts: step.none(retry) }
  },
  initial: 'open',
  states: {
    open: {
      description: 'The time runs here, whatever else happens: neither a reminder nor a delegation prolongs it.',
      initial: 'asking',
      after: {
        expiry: [
          {
            guard: 'hasDeputy',
            target: 'open',
            reenter: true,
            actions: [{ type: 'askAnother', params: ({ context }) => context.deputy ?? context.approver }, 'escalate'],
          },
          { target: 'expired' },
        ],
      },
      on: {
        APPROVE: {
          target: 'carryingOut',
          actions: { type: 'decide', params: ({ event }) => decisionOf('approved', event) },
        },
        REJECT: {
          target: 'rejected',
          actions: { type: 'decide', params: ({ event }) => decisionOf('rejected', event) },
        },
        DELEGATE: { target: '.asking', actions: { type: 'askAnother', params: ({ event }) => event.to } },
        CANCEL: 'withdrawn',
      },
      states: {
        asking: {
          entry: 'countAttempt',
          invoke: {
            id: 'ask',
            src: 'ask',
            input: ({ context: { request, approver, reminders } }) => ({ request, approver, reminder: reminders }),
            onDone: 'waiting',
            onError: orWait,
          },
          after: { timeLimit: orWait },
        },
        askingLater: { tags: 'retrying', after: { backoff: 'asking' }, on: { RETRY: 'asking' } },
        waiting: {
          after: { reminder: { target: 'asking', actions: 'remind' } },
          on: { RETRY: { target: 'asking', actions: 'remind' } },
        },
      },
    },
    carryingOut: {
      entry: 'countAttempt',
      invoke: {
        id: 'carryOut',
        src: 'carryOut',
        input: ({ context: { request, decision } }) => ({ request, decision }),
        onDone: {
          target: 'approved',
          actions: { type: 'keepResult', params: ({ event }) => ({ result: event.output }) },
        },
        onError: orPark,
      },
      after: { timeLimit: orPark },
    },
    carryingOutLater: { tags: 'retrying', after: { backoff: 'carryingOut' }, on: { RETRY: 'carryingOut' } },
    stuck: {
      description: 'It is approved, and could not be carried out.',
      tags: ['dead', 'settled'],
      on: { REDRIVE: { target: 'carryingOut', actions: 'startAgain' } },
    },
    approved: {
      type: 'final',
      tags: 'succeeded',
      output: ({ context: { decision, result } }) => ({ ...decision, ...(result === undefined ? {} : { result }) }),
    },
    // No answer that was asked for is a failure: whoever waits for the result gets it.
    rejected: { type: 'final', tags: 'succeeded', output: ({ context }) => context.decision },
    expired: { type: 'final', tags: 'succeeded', output: { answer: 'expired' } },
    withdrawn: { type: 'final', tags: 'cancelled' },
  },
  output: ({ event }) => event.output as ApprovalOutput,
})

function decisionOf(answer: Decision['answer'], { by, comment }: { by: string; comment?: string }): Decision {
  return { answer, by, ...(comment === undefined ? {} : { comment }) }
}
