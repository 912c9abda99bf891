import type { QueueRuntime } from '../engine/runtime.ts'
import type { ClaimedMessage, Partition } from '../store/store.ts'
import type { LeaseHolder } from './heartbeater.ts'

/** A message that was claimed and has not begun. */
export interface Held extends LeaseHolder {
  readonly message: ClaimedMessage
  /** The clock of the store when it was claimed. */
  readonly now: number
}

/** Messages that a worker holds ready, in the order in which they were claimed. Their leases are kept like those of any others. */
export interface Shelf extends Iterable<Held> {
  readonly size: number
  add(partition: Partition, messages: readonly ClaimedMessage[], now: number): void
  /** Takes the one that has waited longest. */
  take(): Held | undefined
  takeAll(): readonly Held[]
  /** Takes those that were claimed at this time or before it. */
  takeClaimedBy(time: number): readonly Held[]
}

/** @param left hears of one whose lease was lost, wherever it is by then */
export function createShelf(queue: QueueRuntime, left: (held: Held) => void): Shelf {
  let all: Held[] = []

  function hold(message: ClaimedMessage, partition: Partition, now: number): Held {
    let until = now + queue.settings.lease
    const self: Held = {
      message,
      now,
      partition,
      beat: () => ({ id: message.id, fence: message.fence }),
      get leaseUntil() {
        return until
      },
      renewed: (next) => (until = next),
      mail: () => {},
      lost() {
        all = all.filter((other) => other !== self)
        left(self)
      },
    }
    return self
  }

  return {
    get size() {
      return all.length
    },
    [Symbol.iterator]: () => all.values(),
    add: (partition, messages, now) => void all.push(...messages.map((message) => hold(message, partition, now))),
    take: () => all.shift(),
    takeAll: () => all.splice(0),
    takeClaimedBy(time) {
      const later = all.findIndex(({ now }) => now > time)
      return all.splice(0, later < 0 ? all.length : later)
    },
  }
}
