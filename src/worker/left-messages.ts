import { returnLater } from '../engine/hand-back.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import { FIELD } from '../engine/snapshot.ts'
import type { ClaimedMessage, CommitEntry } from '../store/store.ts'
import { createColleagues } from './colleagues.ts'

/** Messages that a worker leaves to others: longer each time, so that nobody claims them in vain all day. */
export interface LeftMessages {
  /** Whether a message is of a version that this worker does not know, and another one does that is alive. */
  isForOthers(message: ClaimedMessage): boolean
  /** Puts a message back for those who know it. */
  leave(message: ClaimedMessage): CommitEntry
  /** By how many milliseconds this worker comes later than others now, or it would find such a message first again. */
  hesitation(): number
}

/** The first time, and at most, in milliseconds: another worker that gets a free place waits so long for the message. */
const LEFT_FOR = { first: 1000, most: 4000 }
/** Messages remembered. */
const REMEMBERED = 10_000
const STAND_BACK = 100
const STANDS_BACK_FOR = 5000

export function createLeftMessages(queue: QueueRuntime, worker: string): LeftMessages {
  const colleagues = createColleagues(queue, worker)
  const times = new Map<string, number>()
  /** Versions of which it was told that they are left to others. */
  const told = new Set<string>()
  let leftAt = -Infinity

  return {
    isForOthers({ fields }) {
      const ref = fields[FIELD.machine] ?? ''
      if (queue.versions.machines.some((machine) => machine.ref === ref)) return false
      const known = colleagues.know(ref)
      if (known === true && !told.has(ref)) {
        told.add(ref)
        queue.log.leftToColleagues(queue.name, ref)
      }
      return known !== false
    },
    leave(message) {
      const before = times.get(message.id) ?? 0
      if (times.size >= REMEMBERED) times.clear()
      times.set(message.id, before + 1)
      leftAt = queue.clock.now()
      return returnLater(message, leftAt + Math.min(LEFT_FOR.first * 2 ** before, LEFT_FOR.most))
    },
    hesitation: () => (queue.clock.now() - leftAt < STANDS_BACK_FOR ? STAND_BACK : 0),
  }
}
