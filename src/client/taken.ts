import type { QueueRuntime } from '../engine/runtime.ts'
import { asError, hasCode, RedriveError } from '../errors.ts'
import { partitionOf } from '../store/keys.ts'
import { onAbort } from './abort.ts'
import type { FeedWatch } from './feed-watch.ts'
import type { Looks } from './looks.ts'

export interface TakenParts {
  readonly queue: QueueRuntime
  readonly watch: FeedWatch
  readonly looks: Looks
  /** The client is being closed. */
  readonly closing: AbortSignal
}

/** An event that was delivered, and how long it is waited for. */
export interface Delivered {
  readonly id: string
  isTaken(): Promise<boolean>
  /** Throws when it waits in vain. */
  inVain?(): Promise<void>
  /** Milliseconds. */
  readonly timeout: number
}

/**
 * Waits until an event is out of the inbox: it is taken out by the very commit of its step. One that the machine takes without a step leaves
 * nothing in the feed, so the inbox is looked at now and then too. Resolves with the state of the message.
 * @throws RedriveError `E_TIMEOUT`, `E_CLOSED`
 */
export function awaitTaken(
  { queue, watch, looks, closing }: TakenParts,
  { id, isTaken, inVain, timeout }: Delivered,
): Promise<string | undefined> {
  const partition = partitionOf(queue.name, id, queue.partitions.length)

  return new Promise((resolve, reject) => {
    const ends: (() => void)[] = []
    let over = false
    let again = false
    let checking: Promise<void> | undefined

    function finish(settle: () => void): void {
      if (over) return
      over = true
      for (const end of ends) end()
      settle()
    }
    const fail = (error: unknown): void => finish(() => reject(asError(error)))
    const late = (): void =>
      fail(
        new RedriveError(
          'E_TIMEOUT',
          `the event was delivered to "${id}", and not taken within ${timeout} ms; it still waits.`,
          { id },
        ),
      )

    /** One look at a time; what is heard meanwhile asks for another. Resolves when none is left to be done. */
    function check(): Promise<void> {
      again = true
      checking ??= lookOn().finally(() => {
        checking = undefined
      })
      return checking
    }

    async function lookOn(): Promise<void> {
      while (again && !over) {
        again = false
        await looked().catch((error: unknown) => {
          // A Redis that is away for a while is no reason to give up: the event is delivered.
          if (!hasCode(error, 'E_REDIS_UNAVAILABLE')) fail(error)
        })
      }
    }

    async function looked(): Promise<void> {
      if (!(await isTaken())) return inVain?.()
      const [found] = await queue.store.glance(partition, [id])
      finish(() => resolve(found?.state))
    }

    ends.push(
      watch.watch(id, { hear: () => void check(), missed: () => void check(), end: fail }),
      looks.lookOn({ id, seen: () => void check() }),
      // The last look is the one that tells, as long as it is answered at once.
      queue.clock.after(timeout, () => {
        ends.push(queue.clock.after(LAST_LOOK, late))
        void check().then(late)
      }),
    )
    // Where it was just taken, the last look says so.
    ends.push(onAbort(closing, () => void check().then(() => fail(closedMeanwhile(id)))))
    void watch.ready().then(check).catch(fail)
  })
}

const closedMeanwhile = (id: string): RedriveError =>
  new RedriveError('E_CLOSED', `the event was delivered to "${id}" and waits there; the client was closed.`, { id })

/** Milliseconds. */
const LAST_LOOK = 250
