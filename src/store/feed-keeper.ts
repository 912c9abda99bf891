import { DEFAULTS } from '../options.ts'
import type { FeedBounds } from './bounds.ts'
import type { RoundRequest } from './round.ts'
import type { LargeText, Partition, QueueDefinition } from './store.ts'

/** Knows how much of the feed of each queue is kept, and says when to look whether a feed keeps to it. */
export interface FeedKeeper {
  /** Takes note of what the server has of a queue. */
  note(queue: string, definition: QueueDefinition): void
  /** What one partition may keep. */
  boundsOf(partition: Partition): FeedBounds
  /** Whether to prune after a write of so many bytes: by chance, and about so often that a feed never grows by more than a few hundredths. */
  isDue(partition: Partition, written: number): boolean
}

/** Looks within as many entries, or as many bytes, as are kept. */
const LOOKS = 64
/** A share that is smaller would not hold one large batch. */
const SMALLEST_SHARE = 64 * 1024

/** @param given for queues whose definition does not say: entries, or that and bytes */
export function createFeedKeeper(given: number | Partial<FeedBounds>, random = Math.random): FeedKeeper {
  const known = new Map<string, QueueDefinition>()
  const otherwise: FeedBounds = { ...DEFAULTS.feed, ...(typeof given === 'number' ? { entries: given } : given) }

  function boundsOf({ queue }: Partition): FeedBounds {
    const { feed = otherwise, partitions = 1 } = known.get(queue) ?? {}
    return { entries: feed.entries, bytes: Math.max(Math.floor(feed.bytes / partitions), SMALLEST_SHARE) }
  }

  return {
    note: (queue, definition) => void known.set(queue, definition),
    boundsOf,
    isDue(partition, written) {
      const { entries, bytes } = boundsOf(partition)
      return random() < LOOKS * Math.max(1 / entries, written / bytes)
    },
  }
}

/** About how many bytes of the feed and beside it some writes take. */
export function feedBytes(
  writes: readonly {
    readonly first?: { readonly transition: string }
    readonly transitions?: readonly string[]
    readonly large?: readonly LargeText[]
  }[],
): number {
  let bytes = 0
  for (const { first, transitions, large } of writes) {
    if (first) bytes += ID_BYTES
    if (transitions) for (const text of transitions) bytes += text.length
    if (large) for (const { text } of large) bytes += text.length
  }
  return bytes
}

/** A message that took the same step as others stands in the feed by its id. */
const ID_BYTES = 25

/** The same of a round; what it starts is not known yet. */
export const roundBytes = ({ groups, limit }: RoundRequest): number =>
  groups.reduce(
    (bytes, { members }) => members.reduce((sum, { transition = '' }) => sum + ID_BYTES + transition.length, bytes),
    limit * ID_BYTES,
  )
