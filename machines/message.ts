import { assign, fromPromise, setup } from 'xstate'
import { createDecider, deadlineOf, type DeadReason, type Outcome } from './decision.ts'
import type { ErrorData } from './error-data.ts'
import { NonRetryableError } from './handler-errors.ts'
import { resolvePolicy, storedOverrides, validateInput, validatePolicy } from './policy.ts'
import type { RetryOverrides, RetryPolicy } from './policy.ts'

/** What starts a message. */
export interface MessageInput {
  /** What the handler gets, the same reference throughout. */
  readonly payload: unknown
  /** Milliseconds until the first delivery. Default 0. A plain actor counts to 2^31 − 1, a durable timer further. */
  readonly delay?: number
  /** What this message does differently from the policy. Default: nothing. */
  readonly retry?: RetryOverrides
}

/**
 * What a message stores beside its state, all of it JSON. A key that would say nothing is absent, because a queue holds
 * this once for every waiting message: most contexts are just the payload until the first attempt.
 */
export interface MessageContext<Payload = unknown> {
  payload?: Payload
  /** Number of the current or last attempt that counts. Absent before the first, 0 after a redrive. */
  attempt?: number
  /** Attempts that ended with their worker. */
  leasesLost?: number
  /** Milliseconds until the next attempt, or that were waited before this one. Absent: 0. */
  delay?: number
  /** Epoch ms from which the deadline counts. Absent where no deadline was set. */
  createdAt?: number
  /** The last failure. It outlives a redrive and a success: "it worked at the third attempt, after this". */
  error?: ErrorData
  /** Why it died last. It outlives a redrive; the state says whether it is dead now. */
  reason?: DeadReason
  /** How often it was redriven. */
  redrives?: number
  retry?: RetryOverrides
}

/** What can be sent to a message: deliver or retry now; give up; send a dead message on its way again. */
export type MessageEvent = { type: 'RETRY' } | { type: 'CANCEL' } | { type: 'REDRIVE' }

export type MessageTag = 'retrying' | 'succeeded' | 'cancelled' | 'dead' | 'settled'

/** For the compiler only. */
const types = {} as {
  context: MessageContext
  events: MessageEvent
  input: MessageInput
  output: unknown
  tags: MessageTag
}

interface Situation {
  context: MessageContext
  event: { type: string }
}

/** An overdue message is not started any more, whether its timer or a person starts it. */
const start = [{ guard: 'isOverdue', target: 'dead', actions: 'expire' }, { target: 'processing' }] as const

/** What becomes of an attempt that failed. In order; the guards exclude each other. */
const afterFailure = [
  { guard: 'isInterrupted', target: 'processing', reenter: true, actions: 'recordFailure' },
  { guard: 'isPoisoned', target: 'dead', actions: 'recordFailure' },
  { guard: 'isLeaseLost', target: 'processing', reenter: true, actions: 'recordFailure' },
  { guard: 'isSnoozed', target: 'retrying', actions: 'recordFailure' },
  { guard: 'isFatal', target: 'dead', actions: 'recordFailure' },
  { guard: 'isExhausted', target: 'dead', actions: 'recordFailure' },
  { guard: 'isExpired', target: 'dead', actions: 'recordFailure' },
  { target: 'retrying', actions: 'recordFailure' },
] as const

/**
 * The life of a message as a statechart: pending → processing → succeeded | retrying → … | dead, or cancelled.
 *
 * It uses XState alone. Give it a handler by `provide({ actors: { handler: fromPromise(…) } })`, or by a queue's worker.
 *
 * @throws TypeError | RangeError `E_INVALID_OPTION` for a policy that cannot work. Input that cannot (a negative delay, an
 * unknown override) gives the same as the error of the actor; a queue throws it when the message is sent.
 */
export function createMessageMachine(policy: RetryPolicy = {}) {
  validatePolicy(policy)
  const { is, isOverdue, decide, timeLimit, started } = rulesOf(policy)
  return setup({
    types,
    actors: { handler: fromPromise<unknown, unknown>(missingHandler) },
    guards: {
      isOverdue: ({ context }) => isOverdue(context),
      isInterrupted: is('interrupted'),
      isPoisoned: is('poisoned'),
      isLeaseLost: is('leaseLost'),
      isSnoozed: is('snoozed'),
      isFatal: is('fatal'),
      isExhausted: is('exhausted'),
      isExpired: is('expired'),
    },
    actions: {
      countAttempt: assign(({ context }) => ({ attempt: (context.attempt ?? 0) + 1 })),
      recordFailure: assign(({ context, event }) => decide(context, event).update),
      expire: assign({ reason: 'deadline' }),
      // Zeros where the first time had no keys: XState merges contexts, so a key cannot be taken out again.
      startAgain: assign(({ context }) => ({
        attempt: 0,
        leasesLost: 0,
        delay: 0,
        redrives: (context.redrives ?? 0) + 1,
        ...started(context.retry),
      })),
    },
    delays: {
      deliver: ({ context }) => context.delay ?? 0,
      backoff: ({ context }) => context.delay ?? 0,
      timeLimit: ({ context }) => timeLimit(context),
    },
  }).createMachine({
    id: 'message',
    description: 'A message that must get through.',
    // It counts lost workers itself, apart from failures: see `maxLeasesLost`.
    meta: { redrive: { leaseLost: 'error' } },
    context: ({ input }) => initialContext(policy, input, started),
    initial: 'pending',
    states: {
      pending: {
        description: 'Waits for its first delivery.',
        after: { deliver: start },
        on: { RETRY: start, CANCEL: 'cancelled' },
      },
      processing: {
        description: 'A handler is running.',
        entry: 'countAttempt',
        // The payload itself: storage recognises the reference and keeps one copy.
        invoke: {
          id: 'handler',
          src: 'handler',
          input: ({ context }: Situation) => context.payload,
          onDone: 'succeeded',
          onError: afterFailure,
        },
        after: { timeLimit: afterFailure },
        on: { CANCEL: 'cancelled' },
      },
      retrying: {
        description: 'The last attempt failed; the next one is due after the backoff.',
        tags: 'retrying',
        after: { backoff: start },
        on: { RETRY: start, CANCEL: 'cancelled' },
      },
      succeeded: {
        description: 'The handler is done; its result is the output.',
        type: 'final',
        tags: 'succeeded',
        output: outputOf,
      },
      cancelled: { description: 'Somebody gave it up.', type: 'final', tags: 'cancelled' },
      dead: {
        description: 'No further attempt by itself; a REDRIVE sends it on its way again.',
        tags: ['dead', 'settled'],
        on: { REDRIVE: { target: 'pending', actions: 'startAgain' } },
      },
    },
    output: outputOf,
  })
}

export type MessageMachine = ReturnType<typeof createMessageMachine>

/** The message machine with the default policy: 5 attempts, 1 s doubled each time, fully spread. */
export const messageMachine = createMessageMachine()

/** The result of the handler goes from its event to the state, and from there to the machine; the context has no copy. */
function outputOf({ event }: Pick<Situation, 'event'>): unknown {
  return 'output' in event ? event.output : undefined
}

/** What the machine asks of the policy, for whichever message it is. */
function rulesOf(options: RetryPolicy) {
  const base = resolvePolicy(options)
  const decide = createDecider(options)
  const policyFor = (retry?: RetryOverrides) => (retry === undefined ? base : resolvePolicy(options, retry))
  const left = (context: MessageContext) => deadlineOf(context, policyFor(context.retry)) - base.now()
  return {
    decide,
    is: (outcome: Outcome) => (situation: Situation) => decide(situation.context, situation.event).outcome === outcome,
    isOverdue: (context: MessageContext) => context.createdAt !== undefined && left(context) <= 0,
    timeLimit: (context: MessageContext) => {
      const { timeout } = policyFor(context.retry)
      return context.createdAt === undefined ? timeout : Math.max(0, Math.min(timeout, left(context)))
    },
    started: (retry?: RetryOverrides) => (policyFor(retry).deadline === Infinity ? {} : { createdAt: base.now() }),
  }
}

function initialContext(
  policy: RetryPolicy,
  // Tools that only draw or explore the machine start it without input.
  { payload, delay, retry }: Partial<MessageInput> = {},
  started: (retry?: RetryOverrides) => Pick<MessageContext, 'createdAt'>,
): MessageContext {
  if (delay !== undefined || retry !== undefined) validateInput(policy, delay, retry)
  const overrides = storedOverrides(retry)
  return {
    ...(payload === undefined ? {} : { payload }),
    ...(delay ? { delay } : {}),
    ...started(overrides),
    ...(overrides === undefined ? {} : { retry: overrides }),
  }
}

function missingHandler(): Promise<never> {
  const how = 'provide one: machine.provide({ actors: { handler: fromPromise(…) } }), or work() of a queue'
  const error = new NonRetryableError(`the message machine has no handler; ${how}`)
  return Promise.reject(Object.assign(error, { code: 'E_MISSING_HANDLER' }))
}
