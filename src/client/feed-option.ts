import { checkNames, DEFAULTS, toInteger, toObject } from '../options.ts'
import type { FeedBounds } from '../store/bounds.ts'

/** How much of a feed is kept, about: a number of entries, or more about them. Whatever is the strictest holds. */
export type FeedOption =
  | number
  | {
      /** Commit batches of each partition. Default 10,000; bounds 1–10,000,000. */
      readonly entries?: number
      /**
       * Bytes of memory, as Redis counts it, of all partitions together. What is too large for the feed and is held by no message is in it:
       * outputs of messages that leave nothing behind, and emitted events, of more than 1 kB. Default 32 MiB; bounds 64 KiB–64 GiB.
       */
      readonly bytes?: number
    }

/** @throws RedriveError `E_INVALID_OPTION` */
export function feedBounds(given: FeedOption = {}): FeedBounds {
  const whole = { min: 1, max: 10_000_000 }
  if (typeof given === 'number') return { ...DEFAULTS.feed, entries: toInteger(given, 'feed', whole) }
  const { entries = DEFAULTS.feed.entries, bytes = DEFAULTS.feed.bytes } = toObject(given, 'feed')
  checkNames(given, 'feed', ['entries', 'bytes'])
  return {
    entries: toInteger(entries, 'feed.entries', whole),
    bytes: toInteger(bytes, 'feed.bytes', { min: 64 * 1024, max: 64 * 1024 ** 3 }),
  }
}
