import { withDeadline } from '../deadline.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import { hasCode } from '../errors.ts'
import { DEFAULTS } from '../options.ts'

/** The way of a worker from its making to its work. */
export interface Beginning {
  /** The attempt under way, or the last one. */
  ready(): Promise<void>
  /**
   * Tries no more. Resolves when the attempt under way is over, or as late as a server that answers would have ended it: one that
   * waits for a subscription waits for as long as the server is away.
   */
  giveUp(): Promise<void>
}

/** What an administrator, or the time, can put right without this process. */
const passes = (error: unknown): boolean =>
  hasCode(error, 'E_REDIS_UNAVAILABLE', 'E_REDIS_AUTH', 'E_REDIS_TLS', 'E_REDIS_FULL', 'E_FOREIGN_KEY')

/**
 * Begins, again and again while the server is away or refuses it: who starts both at once cannot know which of them is there first. `failed` hears
 * of each attempt that was in vain.
 */
export function createBeginning(
  { clock, patience }: Pick<QueueRuntime, 'clock' | 'patience'>,
  begin: () => Promise<void>,
  failed: (error: unknown) => void,
): Beginning {
  let givenUp = false
  let cancel = (): void => {}
  let attempt = tryOnce()

  function tryOnce(): Promise<void> {
    const attempted = begin()
    attempted.catch((error: unknown) => {
      failed(error)
      if (!givenUp && passes(error)) cancel = clock.after(DEFAULTS.maxSleep, again)
    })
    return attempted
  }

  function again(): void {
    attempt = tryOnce()
  }

  return {
    // An attempt waits for its subscriptions for as long as the server is away.
    ready: () => withDeadline(attempt, 2 * patience, 'Redis', clock.after),
    giveUp() {
      givenUp = true
      cancel()
      return new Promise((resolve) => {
        const waited = clock.after(patience, resolve)
        const over = (): void => {
          waited()
          resolve()
        }
        attempt.then(over, over)
      })
    },
  }
}
