import type { QueueEvents, QueueRuntime } from '../engine/runtime.ts'
import type { Emitter } from '../events/emitter.ts'
import { repeat } from '../timer/repeat.ts'

/** Notices a worker that claims nothing though messages are due, whatever the reason may be: it is what every such fault has in common. */
export interface Watchdog {
  start(): void
  stop(): void
  /** Since when messages have waited for this worker in vain, by the store's clock; `undefined` when all is well. */
  readonly stalledSince: number | undefined
}

export interface WatchdogOptions {
  /** Whether it has a place for another message, and may claim one. */
  hungry(): boolean
  /** Messages claimed since the start. */
  claimed(): number
  /** To be called while it is stalled, each time it looks. */
  wake(): void
}

/** How often it looks, and how long a message may be due before that is odd, in milliseconds. Claims are tried each second at least. */
const EVERY = 5000
const PATIENCE = 10_000

export function createWatchdog(
  queue: QueueRuntime,
  events: Emitter<QueueEvents>,
  { hungry, claimed, wake }: WatchdogOptions,
): Watchdog {
  let end = (): void => {}
  let before = -1
  let stalledSince: number | undefined

  async function look(): Promise<void> {
    const count = claimed()
    const idle = hungry() && count === before
    before = count
    const dueSince = idle ? await oldestDue() : undefined
    if (dueSince === undefined) return well()
    stalledSince ??= dueSince
    queue.log.workerStalled(queue.name, dueSince)
    events.emit('stalled', { queue: queue.name, dueSince })
    wake()
  }

  function well(): void {
    if (stalledSince !== undefined) queue.log.workerRecovered(queue.name)
    stalledSince = undefined
  }

  /** When Redis cannot be asked, that is another fault, of which the claims tell. Somebody wants a paused queue to stand still. */
  async function oldestDue(): Promise<number | undefined> {
    const all = await Promise.all(queue.partitions.map((partition) => queue.store.stats(partition))).catch(() => [])
    const late = all.flatMap(({ now, next, paused }) =>
      !paused && next !== undefined && now - next > PATIENCE ? [next] : [],
    )
    return late.length === 0 ? undefined : Math.min(...late)
  }

  return {
    start() {
      end = repeat(queue.clock, () => EVERY, look)
    },
    stop: () => end(),
    get stalledSince() {
      return stalledSince
    },
  }
}
