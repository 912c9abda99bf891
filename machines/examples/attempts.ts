import { createDecider, type Outcome } from '../decision.ts'
import type { MessageContext } from '../message.ts'
import { resolvePolicy, storedOverrides, validateInput, type RetryOverrides, type RetryPolicy } from '../policy.ts'

/** What one message may change about the retries of its steps. Plain data; durations in milliseconds. */
export type StepRetry = Omit<RetryOverrides, 'deadline'>

/** How the present step of a workflow fares. The default machine counts in the same words, so that both decide alike. */
export type Attempts = Pick<MessageContext, 'attempt' | 'leasesLost' | 'delay' | 'retry'>

/** What a failed attempt changes in the context of a workflow. */
export interface AfterFailure extends Pick<MessageContext, 'error' | 'reason'> {
  readonly attempts: Attempts
}

/**
 * The retry policy of the default machine for the steps of a workflow: backoff, `Retry-After`, snooze, errors that no retry mends,
 * lost leases counted apart. The workflow is left with one question: may it be tried again?
 *
 * @throws TypeError | RangeError `E_INVALID_OPTION` for a policy that cannot work, from `none` for overrides that cannot.
 */
export function createAttempts(policy: RetryPolicy) {
  const decide = createDecider(policy)
  return {
    /** No attempt yet. */
    none(retry?: StepRetry): Attempts {
      validateInput(policy, undefined, retry)
      const overrides = storedOverrides(retry)
      return overrides === undefined ? {} : { retry: overrides }
    },
    /** The same for the next step. */
    again: ({ retry }: Attempts): Attempts => (retry === undefined ? {} : { retry }),
    /** One more begins. */
    counted: (attempts: Attempts): Attempts => ({ ...attempts, attempt: (attempts.attempt ?? 0) + 1 }),
    /** Whether an attempt that ended by this event (an error, or the time limit) is to be followed by another. */
    mayRetry(attempts: Attempts, event: { type: string }): boolean {
      const { outcome } = decide(attempts, event)
      return outcome === 'retry' || outcome === 'snoozed' || outcome === 'leaseLost' || outcome === 'interrupted'
    },
    /** What becomes of an attempt that ended by this event, for who must tell more cases apart. */
    outcome: (attempts: Attempts, event: { type: string }): Outcome => decide(attempts, event).outcome,
    failed(attempts: Attempts, event: { type: string }): AfterFailure {
      const { error, reason, ...update } = decide(attempts, event).update
      // An attempt that was lost or interrupted says nothing of a delay: the next one follows at once.
      const next = { ...attempts, delay: 0, ...update }
      return { attempts: next, ...(error && { error }), ...(reason && { reason }) }
    },
    /** Milliseconds that one attempt may take. */
    timeLimit: ({ retry }: Attempts): number => resolvePolicy(policy, retry).timeout,
  }
}
