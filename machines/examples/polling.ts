import { assign, setup, type PromiseActorLogic } from 'xstate'
import { backoffDelay } from '../backoff.ts'
import { toErrorData, type ErrorData } from '../error-data.ts'
import { resolvePolicy } from '../policy.ts'
import { createAttempts, type Attempts, type StepRetry } from './attempts.ts'
import { checkDuration, DAY, MINUTE, SECOND } from './duration.ts'

export interface PollingInput {
  /** What the remote is to do, in whatever form the handlers understand. */
  readonly job: unknown
  /** The time from one look at the job to the next. Default: 1 s, grown by half each time up to 1 minute, half of it spread. */
  readonly poll?: StepRetry['backoff']
  /** Milliseconds for the job and all, from the beginning. Default 1 day. */
  readonly deadline?: number
  /** Of each call of the remote. Default: 5 attempts, 1 s doubled each time up to 5 minutes, fully spread; 1 minute for each. */
  readonly retry?: StepRetry
}

/** What the remote says of the job. */
export type Report =
  | { readonly state: 'running' }
  | { readonly state: 'done'; readonly output?: unknown }
  | { readonly state: 'failed'; readonly error: unknown }

export interface PollingContext {
  readonly job: unknown
  readonly poll?: StepRetry['backoff']
  readonly deadline: number
  /** What `startJob` returned. Absent or `null` before; the job may have been started nevertheless. */
  readonly remote?: unknown
  /** How often the job was found running. */
  readonly polls: number
  readonly attempts: Attempts
  readonly error?: ErrorData
  /** Why it ended without a result: a call was not answered, the job failed, or the time was over. `null`: none of them. */
  readonly reason: 'unanswered' | 'failed' | 'deadline' | null
  readonly output?: unknown
}

/**
 * CANCEL gives up, and tells the remote. REPORT is for a remote that calls back: whatever comes first counts. RETRY looks now; REDRIVE
 * starts a job that has failed anew, or tries once more to cancel it.
 */
export type PollingEvent =
  | { type: 'CANCEL' }
  | { type: 'REPORT'; report: Report }
  | { type: 'RETRY' }
  | { type: 'REDRIVE' }

/** What the handlers that look and cancel get. */
export interface RemoteJob {
  readonly job: unknown
  readonly remote: unknown
}

const types = {} as {
  context: PollingContext
  events: PollingEvent
  input: PollingInput
  output: unknown
  tags: 'succeeded' | 'cancelled' | 'retrying' | 'dead' | 'settled'
}

const step = createAttempts({ timeout: MINUTE })
const POLL = { delay: SECOND, factor: 1.5, max: MINUTE, jitter: 'equal' } as const

/** What a report leads to, whether it was fetched or sent. A look that finds the job running is not news. */
const afterReport = [
  { guard: 'isDone', target: '#polling.succeeded', actions: 'keepOutput' },
  { guard: 'hasFailed', target: '#polling.failed', actions: 'keepError' },
] as const

const orGiveUp = [
  { guard: 'mayRetry', target: '#polling.open.retrying', actions: 'recordFailure' },
  // The job may go on where it is: it is told to end before anybody is told that it has failed.
  { target: '#polling.stopping', actions: ['recordFailure', { type: 'stop', params: 'unanswered' }] },
] as const

const orPark = [
  { guard: 'mayRetry', target: 'stoppingLater', actions: 'recordFailure' },
  { target: 'stuck', actions: 'recordFailure' },
] as const

/**
 * A job that is done elsewhere: start it, look at it until it has ended, within a deadline. Who gives up tells the remote.
 *
 * Starting is repeated when its answer was lost: give the remote the message's id as idempotency key, and look a job up by that key
 * when `remote` is not known.
 */
export const polling = setup({
  types,
  // Types alone: the handlers of a worker, or provide(), bring the code.
  actors: {} as {
    startJob: PromiseActorLogic<unknown, Pick<RemoteJob, 'job'>>
    checkJob: PromiseActorLogic<Report, RemoteJob>
    cancelJob: PromiseActorLogic<unknown, RemoteJob>
  },
  guards: {
    mayRetry: ({ context, event }) => step.mayRetry(context.attempts, event),
    isDone: ({ event }) => reportOf(event)?.state === 'done',
    hasFailed: ({ event }) => reportOf(event)?.state === 'failed',
    wasCancelled: ({ context }) => context.reason === null,
  },
  actions: {
    countAttempt: assign(({ context }) => ({ attempts: step.counted(context.attempts) })),
    recordFailure: assign(({ context, event }) => {
      const { attempts, error } = step.failed(context.attempts, event)
      return { attempts, ...(error && { error }) }
    }),
    keepRemote: assign(({ context }, { remote }: { remote: unknown }) => ({
      remote,
      attempts: step.again(context.attempts),
    })),
    countPoll: assign(({ context }) => ({ polls: context.polls + 1, attempts: step.again(context.attempts) })),
    keepOutput: assign(({ event }) => {
      const report = reportOf(event)
      return report?.state === 'done' ? { output: report.output } : {}
    }),
    keepError: assign(({ event }) => {
      const report = reportOf(event)
      return { reason: 'failed', ...(report?.state === 'failed' ? { error: toErrorData(report.error) } : {}) }
    }),
    stop: assign(({ context }, reason: PollingContext['reason']) => ({
      attempts: step.again(context.attempts),
      reason,
    })),
    startAgain: assign(({ context }) => ({ attempts: step.again(context.attempts) })),
    startAnew: assign(({ context }) => ({
      remote: null,
      polls: 0,
      reason: null,
      attempts: step.again(context.attempts),
    })),
  },
  delays: {
    deadline: ({ context }) => context.deadline,
    poll: ({ context }) => pollDelay(context),
    backoff: ({ context }) => context.attempts.delay ?? 0,
    timeLimit: ({ context }) => step.timeLimit(context.attempts),
  },
}).createMachine({
  id: 'polling',
  version: '1',
  description: 'A job that is done elsewhere.',
  // The attempts count lost workers themselves.
  meta: { redrive: { leaseLost: 'error' } },
  context: ({ input: { job, poll, deadline = DAY, retry } }) => {
    step.none({ backoff: { ...POLL, ...poll } }) // refuses what cannot work when the message is sent
    checkDuration(deadline, 'deadline')
    return { job, deadline, polls: 0, reason: null, attempts: step.none(retry), ...(poll && { poll }) }
  },
  initial: 'open',
  states: {
    open: {
      initial: 'working',
      after: { deadline: { target: 'stopping', actions: { type: 'stop', params: 'deadline' } } },
      on: { CANCEL: { target: 'stopping', actions: { type: 'stop', params: null } }, REPORT: afterReport },
      states: {
        working: {
          initial: 'starting',
          states: {
            starting: {
              entry: 'countAttempt',
              invoke: {
                id: 'startJob',
                src: 'startJob',
                input: ({ context: { job } }) => ({ job }),
                onDone: {
                  target: '#polling.open.waiting',
                  actions: { type: 'keepRemote', params: ({ event }) => ({ remote: event.output }) },
                },
                onError: orGiveUp,
              },
              after: { timeLimit: orGiveUp },
            },
            checking: {
              entry: 'countAttempt',
              invoke: {
                id: 'checkJob',
                src: 'checkJob',
                input: ({ context: { job, remote } }) => ({ job, remote }),
                onDone: [...afterReport, { target: '#polling.open.waiting', actions: 'countPoll' }],
                onError: orGiveUp,
              },
              after: { timeLimit: orGiveUp },
            },
            // One state waits for the next attempt of both calls; this leads back to the one that failed.
            last: { type: 'history' },
          },
        },
        waiting: { after: { poll: 'working.checking' }, on: { RETRY: 'working.checking' } },
        retrying: { tags: 'retrying', after: { backoff: 'working.last' }, on: { RETRY: 'working.last' } },
      },
    },
    stopping: {
      description: 'Nobody waits for the job any more, and the remote is told.',
      entry: 'countAttempt',
      invoke: {
        id: 'cancelJob',
        src: 'cancelJob',
        input: ({ context: { job, remote } }) => ({ job, remote }),
        onDone: [{ guard: 'wasCancelled', target: 'cancelled' }, { target: 'failed' }],
        onError: orPark,
      },
      after: { timeLimit: orPark },
    },
    stoppingLater: { tags: 'retrying', after: { backoff: 'stopping' }, on: { RETRY: 'stopping' } },
    stuck: {
      description: 'Nobody knows whether the job still runs: a person must look.',
      tags: ['dead', 'settled'],
      on: { REDRIVE: { target: 'stopping', actions: 'startAgain' } },
    },
    failed: {
      description: 'The job has failed, or was given up.',
      tags: ['dead', 'settled'],
      on: { REDRIVE: { target: 'open', actions: 'startAnew' } },
    },
    succeeded: { type: 'final', tags: 'succeeded' },
    cancelled: { type: 'final', tags: 'cancelled' },
  },
  output: ({ context }: { context: PollingContext }) => context.output,
})

function reportOf(event: object): Report | undefined {
  if ('report' in event) return event.report as Report
  return 'output' in event ? (event.output as Report) : undefined
}

function pollDelay({ poll, polls, error = toErrorData('') }: PollingContext): number {
  const { backoff, random } = resolvePolicy({ backoff: { ...POLL, ...poll } })
  return backoffDelay(backoff, { attempt: polls + 1, previousDelay: 0, error, random })
}
