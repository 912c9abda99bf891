import { assign, setup, type PromiseActorLogic } from 'xstate'
import { createAttempts, type AfterFailure, type StepRetry } from './attempts.ts'
import { checkDuration, DAY, MINUTE } from './duration.ts'

export interface DunningInput {
  /** What is to be paid, in whatever form the handlers understand. */
  readonly invoice: unknown
  /** Milliseconds to wait before each attempt to collect, from the one before. Default: 0, 3, 5 and 7 days: on days 0, 3, 8 and 15. */
  readonly schedule?: readonly number[]
  /** Milliseconds from the last attempt to the end of the subscription. Default 7 days. */
  readonly grace?: number
  /** Of each call. Default: 5 attempts, 1 s doubled each time up to 5 minutes, fully spread; 1 minute for each. */
  readonly retry?: StepRetry
}

/** A refusal is an answer, not an error: an error is tried again at once, a card that is refused in some days. */
export type Collection =
  | { readonly paid: true; readonly receipt?: unknown }
  | { readonly paid: false; readonly why?: string }

export interface DunningContext extends AfterFailure {
  readonly invoice: unknown
  readonly schedule: readonly number[]
  readonly grace: number
  /** Attempts to collect that are over. */
  readonly round: number
  /** Why the last one was refused; `null` when the bank did not say. */
  readonly why: string | null
  readonly receipt?: unknown
}

/** PAID stops it at any time, however it was paid; CANCEL forgives the debt. RETRY collects now; REDRIVE tries once more what is stuck. */
export type DunningEvent =
  | { type: 'PAID'; receipt?: unknown }
  | { type: 'CANCEL' }
  | { type: 'RETRY' }
  | { type: 'REDRIVE' }

export interface DunningOutput {
  readonly rounds: number
  readonly receipt?: unknown
}

/** What the handler that writes to the customer gets. */
export interface Reminder {
  readonly invoice: unknown
  /** 1 after the first attempt. */
  readonly round: number
  readonly rounds: number
  /** What the bank said, if anything. */
  readonly why: string | null
  /** Milliseconds until the next attempt, or after the `last` one until the subscription ends. */
  readonly next: number
  readonly last: boolean
}

const types = {} as {
  context: DunningContext
  events: DunningEvent
  input: DunningInput
  output: DunningOutput
  tags: 'succeeded' | 'cancelled' | 'retrying' | 'dead' | 'settled'
}

const step = createAttempts({ timeout: MINUTE })
const SCHEDULE = [0, 3 * DAY, 5 * DAY, 7 * DAY]

const orLater = { guard: 'mayRetry', target: '#dunning.open.retrying', actions: 'recordFailure' } as const

/** Neither a bank that does not answer nor a letter that cannot be sent holds up the schedule. */
const orWrite = [orLater, { target: 'writing', actions: ['recordFailure', { type: 'endRound', params: {} }] }] as const
const afterLetter = [
  { guard: 'isOver', target: '#dunning.open.lastChance', actions: 'goOn' },
  { target: '#dunning.open.waiting', actions: 'goOn' },
] as const
const orWait = [
  orLater,
  { guard: 'isOver', target: '#dunning.open.lastChance', actions: ['recordFailure', 'goOn'] },
  { target: '#dunning.open.waiting', actions: ['recordFailure', 'goOn'] },
] as const

const orPark = [
  { guard: 'mayRetry', target: '#dunning.endingLater', actions: 'recordFailure' },
  { target: '#dunning.stuck', actions: 'recordFailure' },
] as const

const paidAfterAll = {
  target: '#dunning.ending.restoring',
  actions: ['goOn', { type: 'keepReceipt', params: receiptOf }],
} as const

/**
 * A debt that is collected by a schedule of weeks: an attempt, a letter, some days of patience, and again; in the end the subscription
 * is cancelled. A payment stops it at any time.
 *
 * PAID may come while an attempt is under way, and then `collect` is aborted too late: let the bank refuse a second payment of
 * one invoice, by its id.
 */
export const dunning = setup({
  types,
  // Types alone: the handlers of a worker, or provide(), bring the code.
  actors: {} as {
    collect: PromiseActorLogic<Collection, { invoice: unknown; round: number }>
    write: PromiseActorLogic<unknown, Reminder>
    cancelSubscription: PromiseActorLogic<unknown, { invoice: unknown }>
    restoreSubscription: PromiseActorLogic<unknown, { invoice: unknown }>
  },
  guards: {
    mayRetry: ({ context, event }) => step.mayRetry(context.attempts, event),
    isPaid: ({ event }) => 'output' in event && (event.output as Collection).paid,
    isOver: ({ context: { round, schedule } }) => round >= schedule.length,
  },
  actions: {
    countAttempt: assign(({ context }) => ({ attempts: step.counted(context.attempts) })),
    recordFailure: assign(({ context, event }) => step.failed(context.attempts, event)),
    goOn: assign(({ context }) => ({ attempts: step.again(context.attempts) })),
    endRound: assign(({ context: { round, attempts } }, { why }: { why?: string | undefined }) => ({
      round: round + 1,
      why: why ?? null,
      attempts: step.again(attempts),
    })),
    keepReceipt: assign((_, { receipt }: { receipt?: unknown }) => (receipt === undefined ? {} : { receipt })),
  },
  delays: {
    nextAttempt: ({ context: { schedule, round } }) => schedule[round] ?? 0,
    grace: ({ context }) => context.grace,
    backoff: ({ context }) => context.attempts.delay ?? 0,
    timeLimit: ({ context }) => step.timeLimit(context.attempts),
  },
}).createMachine({
  id: 'dunning',
  version: '1',
  description: 'A debt that is collected by a schedule of weeks.',
  // The attempts count lost workers themselves.
  meta: { redrive: { leaseLost: 'error' } },
  context: ({ input: { invoice, schedule = SCHEDULE, grace = 7 * DAY, retry } }) => {
    for (const [i, wait] of schedule.entries()) checkDuration(wait, `schedule[${i}]`)
    checkDuration(grace, 'grace')
    return { invoice, schedule, grace, round: 0, why: null, attempts: step.none(retry) }
  },
  initial: 'open',
  states: {
    open: {
      initial: 'waiting',
      on: {
        PAID: { target: 'paid', actions: { type: 'keepReceipt', params: receiptOf } },
        CANCEL: 'forgiven',
      },
      states: {
        waiting: { after: { nextAttempt: 'working.collecting' }, on: { RETRY: 'working.collecting' } },
        working: {
          initial: 'collecting',
          states: {
            collecting: {
              entry: 'countAttempt',
              invoke: {
                id: 'collect',
                src: 'collect',
                input: ({ context: { invoice, round } }) => ({ invoice, round: round + 1 }),
                onDone: [
                  {
                    guard: 'isPaid',
                    target: '#dunning.paid',
                    actions: { type: 'keepReceipt', params: ({ event: { output } }) => (output.paid ? output : {}) },
                  },
                  {
                    target: 'writing',
                    actions: { type: 'endRound', params: ({ event: { output } }) => (output.paid ? {} : output) },
                  },
                ],
                onError: orWrite,
              },
              after: { timeLimit: orWrite },
            },
            writing: {
              entry: 'countAttempt',
              invoke: {
                id: 'write',
                src: 'write',
                input: ({ context }) => reminderOf(context),
                onDone: afterLetter,
                onError: orWait,
              },
              after: { timeLimit: orWait },
            },
            // One state waits for the next attempt of both calls; this leads back to the one that failed.
            last: { type: 'history' },
          },
        },
        retrying: { tags: 'retrying', after: { backoff: 'working.last' }, on: { RETRY: 'working.last' } },
        lastChance: {
          description: 'All attempts are over; the subscription ends unless somebody pays.',
          after: { grace: '#dunning.ending' },
        },
      },
    },
    ending: {
      initial: 'cancelling',
      states: {
        cancelling: {
          entry: 'countAttempt',
          invoke: {
            id: 'cancelSubscription',
            src: 'cancelSubscription',
            input: ({ context: { invoice } }) => ({ invoice }),
            onDone: '#dunning.lapsed',
            onError: orPark,
          },
          after: { timeLimit: orPark },
          on: { PAID: paidAfterAll },
        },
        restoring: {
          description: 'Paid while the subscription was being cancelled, which may have happened.',
          entry: 'countAttempt',
          invoke: {
            id: 'restoreSubscription',
            src: 'restoreSubscription',
            input: ({ context: { invoice } }) => ({ invoice }),
            onDone: '#dunning.paid',
            onError: orPark,
          },
          after: { timeLimit: orPark },
        },
        last: { type: 'history' },
      },
    },
    endingLater: {
      tags: 'retrying',
      after: { backoff: 'ending.last' },
      on: { RETRY: 'ending.last', PAID: paidAfterAll },
    },
    stuck: {
      description: 'The subscription could not be cancelled, or not be restored: a person must look.',
      tags: ['dead', 'settled'],
      on: { REDRIVE: { target: 'ending.last', actions: 'goOn' }, PAID: paidAfterAll },
    },
    paid: { type: 'final', tags: 'succeeded' },
    lapsed: { description: 'Nobody paid: the subscription is cancelled.', type: 'final', tags: 'cancelled' },
    forgiven: { type: 'final', tags: 'cancelled' },
  },
  output: ({ context: { round, receipt } }) => ({ rounds: round, ...(receipt === undefined ? {} : { receipt }) }),
})

function reminderOf({ invoice, schedule, grace, round, why }: DunningContext): Reminder {
  const rounds = schedule.length
  return { invoice, round, rounds, why, next: schedule[round] ?? grace, last: round === rounds }
}

function receiptOf({ event }: { event: { receipt?: unknown } }): { receipt?: unknown } {
  return event.receipt === undefined ? {} : { receipt: event.receipt }
}
