import type { FeedBounds } from './bounds.ts'

export interface QueueDefinition {
  readonly partitions: number
  /** Paths that only handlers may see; the last that were given. */
  readonly redact?: readonly string[]
  /** Bounds of the feed; the last that were given. */
  readonly feed?: FeedBounds
  /** A worker has worked on it some time. */
  readonly worked?: true
}

/** What the server has of a queue; `undefined` for a text that is no definition. */
export function readDefinition(text: string): QueueDefinition | undefined {
  const stored = parse(text)
  if (typeof stored !== 'object' || stored === null || !('partitions' in stored)) return undefined
  const { partitions } = stored
  const redact = 'redact' in stored ? stored.redact : undefined
  const feed = 'feed' in stored ? stored.feed : undefined
  const worked = 'worked' in stored && stored.worked === true
  const isNumber = typeof partitions === 'number' && Number.isInteger(partitions)
  return isNumber && partitions >= 1 && partitions <= MOST
    ? {
        partitions,
        ...(isPaths(redact) ? { redact } : {}),
        ...(isBounds(feed) ? { feed } : {}),
        ...(worked ? { worked } : {}),
      }
    : undefined
}

const MOST = 1024

const isPaths = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((path) => typeof path === 'string')

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isBounds = (value: unknown): value is FeedBounds =>
  typeof value === 'object' &&
  value !== null &&
  'entries' in value &&
  'bytes' in value &&
  [value.entries, value.bytes].every((each) => Number.isSafeInteger(each) && Number(each) > 0)

/**
 * What is stored with what may change later: the last paths to hide and the last bounds of the feed that were given. The very same object where
 * nothing changes: one who says nothing of them changes nothing.
 */
export function latestDefinition(stored: QueueDefinition, { redact, feed, worked }: QueueDefinition): QueueDefinition {
  const sameRedact = redact === undefined || JSON.stringify(redact) === JSON.stringify(stored.redact ?? [])
  const sameFeed = feed === undefined || (feed.entries === stored.feed?.entries && feed.bytes === stored.feed?.bytes)
  if (sameRedact && sameFeed && (!worked || stored.worked)) return stored
  return { ...stored, ...(sameRedact ? {} : { redact }), ...(sameFeed ? {} : { feed }), ...(worked ? { worked } : {}) }
}
