import type { Clock } from '../clock.ts'
import { hasCode, RedriveError } from '../errors.ts'
import type { Queue } from './queue.ts'

/** The writes of a client. `close()` ends when those that began before it are through. */
export interface Writes {
  /** Begins a write at once. Rejects with `E_CLOSED` once the client is closed. */
  begin<T>(write: () => Promise<T>): Promise<T>
  /** Aborts when the client takes no more writes: a write that only waits for something ends. */
  readonly closing: AbortSignal
  /** Takes no more writes. Resolves when those that have begun are through, or after `patience` ms, when Redis is away. */
  close(patience: number): Promise<void>
}

export function createWrites(clock: Clock): Writes {
  const closing = new AbortController()
  /** A number and no list, and one promise for each: most writes are sends, and there are many. */
  let underWay = 0
  let impatient = false
  let through = (): void => {}

  function over(): void {
    underWay--
    if (underWay === 0 && closing.signal.aborted) void last()
  }

  /** A write may begin another one as it ends, such as the note of who did it. It looks within the turn, for a caller of `close()` may still wait for the write itself. */
  async function last(): Promise<void> {
    for (let turns = 0; turns < 4; turns++) await Promise.resolve()
    if (underWay === 0) through()
  }

  function passOn<T>(answer: T): T {
    over()
    return answer
  }

  function failed(error: unknown): never {
    over()
    throw impatient && hasCode(error, 'E_REDIS_UNAVAILABLE') ? closedMeanwhile(error) : error
  }

  return {
    closing: closing.signal,
    begin(write) {
      if (closing.signal.aborted) return Promise.reject(closed())
      underWay++
      try {
        return write().then(passOn, failed)
      } catch (error) {
        return Promise.reject(error as Error).catch(failed)
      }
    },
    async close(patience) {
      closing.abort()
      if (underWay === 0) return
      await new Promise<void>((resolve) => {
        const cancel = clock.after(patience, () => {
          impatient = true
          resolve()
        })
        through = () => {
          cancel()
          resolve()
        }
      })
    },
  }
}

export const closed = (): RedriveError =>
  new RedriveError('E_CLOSED', 'this client is closed, and nothing was done. Make a new one.')

const closedMeanwhile = (cause: Error): RedriveError =>
  new RedriveError(
    'E_CLOSED',
    'the client was closed while Redis did not answer, so nobody knows whether this was stored. Send it again with the same id to be sure.',
    { cause },
  )

/** What writes; `operate` goes on by itself after its answer, and `hold` is for as long as its action likes. */
const METHODS = [
  'send',
  'sendBulk',
  'signal',
  'cancel',
  'retry',
  'redrive',
  'release',
  'remove',
  'trim',
  'pause',
  'resume',
  'edit',
  'undo',
] as const satisfies readonly (keyof Queue)[]

/** The queue, whose writes are known to the client that closes. */
export function knownToClient(queue: Queue, writes: Writes): Queue {
  const known = METHODS.map((name) => {
    const method = queue[name] as (...args: unknown[]) => Promise<unknown>
    return [name, (...args: unknown[]) => writes.begin(() => method(...args))]
  })
  return { ...queue, ...(Object.fromEntries(known) as Pick<Queue, (typeof METHODS)[number]>) }
}
