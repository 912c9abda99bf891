import { backoffDelay } from './backoff.ts'
import { toErrorData, type ErrorData } from './error-data.ts'
import type { MessageContext } from './message.ts'
import { resolvePolicy, type ResolvedPolicy, type RetryPolicy } from './policy.ts'

/** Why a message is dead. */
export type DeadReason = 'poisoned' | 'fatal' | 'exhausted' | 'deadline'

/** What becomes of a message whose attempt has ended without a result; each has a guard of the machine. */
export type Outcome = 'interrupted' | 'poisoned' | 'leaseLost' | 'snoozed' | 'fatal' | 'exhausted' | 'expired' | 'retry'

/** A decision, and what it changes in the context. */
export interface Decision {
  readonly outcome: Outcome
  readonly update: Partial<MessageContext>
}

/** An attempt that has ended without a result, and everything that is needed to judge it. */
interface Failure {
  readonly context: MessageContext
  readonly error: ErrorData
  readonly policy: ResolvedPolicy
  /** Epoch ms, read once for the whole decision. */
  readonly now: number
}

/** Judges one kind of failure; undefined leaves it to the next rule. */
type Rule = (failure: Failure) => Decision | undefined

/** In order. Lost leases and snoozes come first, because they say nothing about the message itself. */
const RULES: readonly Rule[] = [interrupted, leaseLost, snoozed, fatal, exhausted]

/**
 * The retry decision of a machine. Several guards and one action ask for the same failure, so each decision is kept as
 * long as its context: the jitter is drawn once, and a guard that compares the delay with the deadline sees the very
 * delay that the action will store. `compute` and `retryIf` also run just once.
 */
export function createDecider(options: RetryPolicy): (context: MessageContext, event: { type: string }) => Decision {
  const policy = resolvePolicy(options)
  const decided = new WeakMap<MessageContext, { event: object; decision: Decision }>()
  return (context, event) => {
    const known = decided.get(context)
    if (known?.event === event) return known.decision
    const decision = decide(
      context,
      event,
      context.retry === undefined ? policy : resolvePolicy(options, context.retry),
    )
    decided.set(context, { event, decision })
    return decision
  }
}

function decide(context: MessageContext, event: { type: string }, policy: ResolvedPolicy): Decision {
  const now = policy.now()
  const error = 'error' in event ? toErrorData(event.error, now) : timeoutError(context, policy)
  const failure = { context, error, policy, now }
  for (const rule of RULES) {
    const decision = rule(failure)
    if (decision !== undefined) return decision
  }
  return retry(failure)
}

/** The worker is shutting down: another runs the attempt again. Nothing is known about the message, so nothing is kept. */
function interrupted(failure: Failure): Decision | undefined {
  if (failure.error.code !== 'E_INTERRUPTED') return undefined
  return beforeDeadline(failure, { outcome: 'interrupted', update: uncounted(failure) })
}

function leaseLost(failure: Failure): Decision | undefined {
  const { context, error, policy } = failure
  if (error.code !== 'E_LEASE_LOST') return undefined
  const leasesLost = (context.leasesLost ?? 0) + 1
  const update = { ...uncounted(failure), leasesLost, error }
  if (leasesLost > policy.maxLeasesLost) return { outcome: 'poisoned', update: { ...update, reason: 'poisoned' } }
  return beforeDeadline(failure, { outcome: 'leaseLost', update })
}

/** The last real error is kept in the context: a snooze is not an error. */
function snoozed(failure: Failure): Decision | undefined {
  const { snooze } = failure.error
  if (snooze === undefined) return undefined
  return beforeDeadline(failure, { outcome: 'snoozed', update: { ...uncounted(failure), delay: snooze } })
}

function fatal({ error, policy }: Failure): Decision | undefined {
  const listed = policy.nonRetryable.includes(error.name) || policy.nonRetryable.includes(String(error.code))
  const final = error.retryable === false || listed || refusedBy(policy, error)
  return final ? { outcome: 'fatal', update: { error, reason: 'fatal' } } : undefined
}

function exhausted({ context, error, policy }: Failure): Decision | undefined {
  if ((context.attempt ?? 0) < policy.attempts) return undefined
  return { outcome: 'exhausted', update: { error, reason: 'exhausted' } }
}

/** The server's wish is a minimum: it may exceed the cap of the backoff, but not the deadline. */
function retry(failure: Failure): Decision {
  const { context, error, policy } = failure
  const attempt = context.attempt ?? 0
  const previousDelay = attempt > 1 ? (context.delay ?? 0) : 0
  const wait = backoffDelay(policy.backoff, { attempt, error, previousDelay, random: policy.random })
  const delay = Math.max(wait, error.retryAfter ?? 0)
  return beforeDeadline(failure, { outcome: 'retry', update: { error, delay } })
}

/** The decision, unless the next attempt would start at or after the deadline: then nobody needs to wait for it. */
function beforeDeadline({ context, policy, now }: Failure, decision: Decision): Decision {
  const start = now + (decision.update.delay ?? 0)
  if (start < deadlineOf(context, policy)) return decision
  return { outcome: 'expired', update: { ...decision.update, reason: 'deadline' } }
}

/** The attempt is given back: the next one has the same number. */
function uncounted({ context }: Failure): { attempt: number } {
  return { attempt: Math.max(0, (context.attempt ?? 0) - 1) }
}

function refusedBy({ retryIf }: ResolvedPolicy, error: ErrorData): boolean {
  try {
    return retryIf?.(error) === false
  } catch {
    return false
  }
}

/** Epoch ms after which no attempt may start; Infinity without a deadline. */
export function deadlineOf(context: MessageContext, policy: ResolvedPolicy): number {
  return context.createdAt === undefined ? Infinity : context.createdAt + policy.deadline
}

function timeoutError(context: MessageContext, policy: ResolvedPolicy): ErrorData {
  const limit = Number.isFinite(deadlineOf(context, policy)) ? 'its time limit or the deadline' : `${policy.timeout} ms`
  return { name: 'TimeoutError', message: `the attempt took longer than ${limit}`, code: 'E_ATTEMPT_TIMEOUT' }
}
