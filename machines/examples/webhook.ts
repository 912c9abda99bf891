import { assign, setup, type PromiseActorLogic } from 'xstate'
import { sendToMessage, type MessageRef } from '../talk.ts'
import { createAttempts, type AfterFailure, type StepRetry } from './attempts.ts'
import type { BreakerAnswer } from './circuit-breaker.ts'
import { checkDuration, DAY, MINUTE } from './duration.ts'

export interface WebhookInput {
  /** This very message: the breaker answers to it. */
  readonly self: MessageRef
  readonly url: string
  readonly body: unknown
  /** Queue of the breakers, where the one of the host has been sent before. Default `'breakers'`. */
  readonly breakers?: string
  /** Milliseconds for all of it, waiting included. Default 3 days. */
  readonly deadline?: number
  /** Default: 8 attempts, 1 s doubled each time up to 5 minutes, fully spread; 1 minute for each. Waiting for the breaker does not count. */
  readonly retry?: StepRetry
}

export interface WebhookContext extends AfterFailure, Pick<WebhookInput, 'self' | 'url' | 'body'> {
  /** Id: the host. */
  readonly gate: MessageRef
  readonly deadline: number
  /** Milliseconds to wait for the breaker. */
  readonly hold: number
  readonly output?: unknown
}

/** GO and WAIT are the breaker's answers. CANCEL gives up, RETRY asks now, REDRIVE begins again. */
export type WebhookEvent = BreakerAnswer | { type: 'CANCEL' } | { type: 'RETRY' } | { type: 'REDRIVE' }

const types = {} as {
  context: WebhookContext
  events: WebhookEvent
  input: WebhookInput
  output: unknown
  tags: 'succeeded' | 'cancelled' | 'retrying' | 'dead' | 'settled'
}

const step = createAttempts({ attempts: 8, timeout: MINUTE })

/** How long the breaker may be silent. It is advice and not a lock: a delivery does not wait for ever for one that cannot answer. */
const PATIENCE = MINUTE

/** What failed says something of the host only when the host is what failed. */
const afterFailure = [
  { guard: 'saysNothing', target: 'retrying', actions: 'recordFailure' },
  { guard: 'mayRetry', target: 'retrying', actions: ['recordFailure', 'tellFailure'] },
  { guard: 'isRefused', target: '#webhook.dead', actions: ['recordFailure', 'tellSuccess'] },
  { guard: 'isPoisoned', target: '#webhook.dead', actions: 'recordFailure' },
  { target: '#webhook.dead', actions: ['recordFailure', 'tellFailure'] },
] as const

/**
 * A webhook behind the circuit breaker of its host: asks, delivers, tells how it went. While the host is down one delivery in a while tries
 * for all, and the others wait without using up their attempts.
 */
export const webhook = setup({
  types,
  // Types alone: the handlers of a worker, or provide(), bring the code.
  actors: {} as { deliver: PromiseActorLogic<unknown, { url: string; body: unknown }> },
  guards: {
    mayRetry: ({ context, event }) => step.mayRetry(context.attempts, event),
    saysNothing: ({ context, event }) =>
      ['interrupted', 'leaseLost', 'snoozed'].includes(step.outcome(context.attempts, event)),
    isRefused: ({ context, event }) => step.outcome(context.attempts, event) === 'fatal',
    isPoisoned: ({ context, event }) => step.outcome(context.attempts, event) === 'poisoned',
  },
  actions: {
    ask: tell('ASK'),
    tellSuccess: tell('SUCCESS'),
    tellFailure: tell('FAILURE'),
    hold: assign(({ event }) => (event.type === 'WAIT' ? { hold: event.ms } : {})),
    countAttempt: assign(({ context }) => ({ attempts: step.counted(context.attempts) })),
    recordFailure: assign(({ context, event }) => step.failed(context.attempts, event)),
    expire: assign({ reason: 'deadline' }),
    startAgain: assign(({ context }) => ({ attempts: step.again(context.attempts) })),
    keepOutput: assign((_, { output }: { output: unknown }) => ({ output })),
  },
  delays: {
    deadline: ({ context }) => context.deadline,
    patience: PATIENCE,
    hold: ({ context }) => context.hold,
    backoff: ({ context }) => context.attempts.delay ?? 0,
    timeLimit: ({ context }) => step.timeLimit(context.attempts),
  },
}).createMachine({
  id: 'webhook',
  version: '1',
  description: 'A delivery that asks the circuit breaker of its host first.',
  // The attempts count lost workers themselves.
  meta: { redrive: { leaseLost: 'error' } },
  context: ({ input: { self, url, body, breakers = 'breakers', deadline = 3 * DAY, retry } }) => {
    checkDuration(deadline, 'deadline')
    const gate = { queue: breakers, id: new URL(url).host }
    return { self, url, body, gate, deadline, hold: 0, attempts: step.none(retry) }
  },
  initial: 'open',
  states: {
    open: {
      initial: 'asking',
      after: { deadline: { target: 'dead', actions: 'expire' } },
      on: { CANCEL: 'cancelled' },
      states: {
        asking: {
          entry: 'ask',
          after: { patience: 'delivering' },
          on: { GO: 'delivering', WAIT: { target: 'held', actions: 'hold' } },
        },
        held: {
          description: 'The host is down, or another delivery tries it.',
          tags: 'retrying',
          after: { hold: 'asking' },
          on: { RETRY: 'asking' },
        },
        delivering: {
          entry: 'countAttempt',
          invoke: {
            id: 'deliver',
            src: 'deliver',
            input: ({ context: { url, body } }) => ({ url, body }),
            onDone: {
              target: '#webhook.succeeded',
              actions: ['tellSuccess', { type: 'keepOutput', params: ({ event }) => ({ output: event.output }) }],
            },
            onError: afterFailure,
          },
          after: { timeLimit: afterFailure },
        },
        retrying: { tags: 'retrying', after: { backoff: 'asking' }, on: { RETRY: 'asking' } },
      },
    },
    succeeded: { type: 'final', tags: 'succeeded' },
    cancelled: { type: 'final', tags: 'cancelled' },
    dead: { tags: ['dead', 'settled'], on: { REDRIVE: { target: 'open', actions: 'startAgain' } } },
  },
  output: ({ context }: { context: WebhookContext }) => context.output,
})

function tell(type: 'ASK' | 'SUCCESS' | 'FAILURE') {
  return sendToMessage<WebhookContext, WebhookEvent, WebhookEvent>(
    ({ context }) => context.gate,
    ({ context }) => ({ type, from: context.self }),
  )
}
