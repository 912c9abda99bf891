import { returnUntouched } from '../engine/hand-back.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import type { CommitEntry, Partition } from '../store/store.ts'
import type { Shelf } from './shelf.ts'

/** Lets a worker claim messages beyond its places, and gives back those that find none: another worker may be idle. */
export interface ClaimAhead {
  /** Messages that may be held ready, of so many that are wanted. */
  most(wanted: number): number
  /** Some were claimed. */
  watch(): void
  /** A place has become free. */
  moved(): void
  stop(): void
}

/** How long a message is held ready, in milliseconds. A claim takes what is due, so it has been due for longer. */
const HELD_FOR = 1000

export function createClaimAhead(
  { clock }: QueueRuntime,
  shelf: Shelf,
  putBack: (partition: Partition, entry: CommitEntry) => void,
): ClaimAhead {
  // After messages went back, one more for each place that moves: or two busy workers would pass them to and fro.
  let allowed = Infinity
  let watching = false
  let cancel = (): void => {}

  function watch(): void {
    const [oldest] = shelf
    if (watching || !oldest) return
    watching = true
    const left = oldest.now + HELD_FOR - clock.now()
    // By a clock that was set back in between it would be long.
    cancel = clock.after(Math.min(Math.max(1, left), HELD_FOR), () => {
      watching = false
      giveBack()
      watch()
    })
  }

  function giveBack(): void {
    const overdue = shelf.takeClaimedBy(clock.now() - HELD_FOR)
    if (overdue.length > 0) allowed = 0
    for (const { message, partition } of overdue) putBack(partition, returnUntouched(message))
  }

  return {
    most: (wanted) => Math.min(wanted, allowed),
    watch,
    moved: () => void allowed++,
    stop: () => cancel(),
  }
}
