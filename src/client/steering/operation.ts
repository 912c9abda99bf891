import type { Clock } from '../../clock.ts'
import { asError, hasCode } from '../../errors.ts'
import type { Deed, OperationOutcome } from './deed.ts'

export interface OperationProgress {
  /** Messages that it is about. */
  readonly matching: number
  readonly done: number
  /** They had changed before it came to them, or it does nothing to them. */
  readonly skipped: number
  readonly failed: number
  readonly state: 'running' | 'done' | 'stopped' | 'failed'
  /** Why it failed, or why the last message did. */
  readonly error?: Error
}

/** Something that is being done to many messages, one after the other. It goes on by itself. */
export interface Operation {
  readonly id: string
  readonly progress: OperationProgress
  /** Ends it after the messages that it is at. What is done is done. */
  stop(): void
  /** Resolves when it has ended, whatever the end was. */
  readonly finished: Promise<OperationProgress>
}

export interface OperationParts {
  readonly id: string
  readonly ids: readonly string[]
  readonly deed: Deed
  readonly clock: Clock
  /** Ends it as `stop` does. */
  readonly closed: AbortSignal
  readonly ratePerSecond: number | undefined
  onEach(outcome: OperationOutcome): void
  /** When it has ended; it is not over before. */
  ended(progress: OperationProgress): Promise<void>
}

/** Messages that are changed at the same time. */
const AT_ONCE = 50
/** How long it waits for a Redis that is away before it tries again, in milliseconds. */
const PATIENCE = 1000

export function startOperation({ id, ids, clock, closed, ratePerSecond, ...parts }: OperationParts): Operation {
  const stopped = new AbortController()
  const ended = AbortSignal.any([stopped.signal, closed])
  let progress: OperationProgress = { matching: ids.length, done: 0, skipped: 0, failed: 0, state: 'running' }

  function note(outcome: OperationOutcome): void {
    const { status, error } = outcome
    progress = { ...progress, [status]: progress[status] + 1, ...(error ? { error } : {}) }
    parts.onEach(outcome)
  }

  /** While Redis is away it waits: each deed is done once, however often it is tried. */
  async function doAll(batch: readonly string[]): Promise<void> {
    let left = batch
    while (left.length > 0 && !ended.aborted) {
      const settled = await Promise.allSettled(left.map(parts.deed))
      const away: string[] = []
      for (const [i, each] of settled.entries()) {
        if (each.status === 'fulfilled') note(each.value)
        else if (hasCode(each.reason, 'E_REDIS_UNAVAILABLE')) away.push(left[i]!)
        else throw each.reason
      }
      left = away
      if (left.length > 0) await pause(clock, PATIENCE, ended)
    }
  }

  async function run(): Promise<OperationProgress['state']> {
    const size = ratePerSecond === undefined ? AT_ONCE : Math.min(AT_ONCE, Math.max(1, Math.floor(ratePerSecond / 10)))
    for (let at = 0; at < ids.length && !ended.aborted; at += size) {
      const next = clock.now() + (ratePerSecond === undefined ? 0 : (size * 1000) / ratePerSecond)
      await doAll(ids.slice(at, at + size))
      if (at + size < ids.length) await pause(clock, next - clock.now(), ended)
    }
    return ended.aborted && progress.done + progress.skipped + progress.failed < ids.length ? 'stopped' : 'done'
  }

  const finished = run()
    .catch((error: unknown) => {
      progress = { ...progress, error: asError(error) }
      return 'failed' as const
    })
    .then(async (state) => {
      await parts.ended({ ...progress, state }).catch(() => {})
      progress = { ...progress, state }
      return progress
    })

  return {
    id,
    get progress() {
      return progress
    },
    stop: () => stopped.abort(),
    finished,
  }
}

function pause(clock: Clock, ms: number, ended: AbortSignal): Promise<void> {
  if (ms <= 0 || ended.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const over = (): void => {
      cancel()
      ended.removeEventListener('abort', over)
      resolve()
    }
    const cancel = clock.after(ms, over)
    ended.addEventListener('abort', over)
  })
}
