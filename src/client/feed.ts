import { readTransitions } from '../events/transition-text.ts'
import type { EventData, Transition } from '../message.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import { asError } from '../errors.ts'
import { DEFAULTS, toOptions } from '../options.ts'
import type { FeedEntry, Partition } from '../store/store.ts'
import { checkSignal, onAbort, orAborted } from './abort.ts'
import { createBell, positionText, readPage, ringOnNews, startPlaces, type Place } from './feed-page.ts'
import { fillIn } from './large.ts'

export interface FeedOptions {
  /** `'now'` (default): what comes from here on; `'start'`: from the oldest entry kept; or a `position` seen before. */
  readonly from?: string
  readonly signal?: AbortSignal
}

/** A transition with the position from which to resume after it. */
export type FeedTransition<Output = unknown, Emitted = EventData> = Transition<Output, Emitted> & {
  readonly position: string
}

/** @throws RedriveError `E_INVALID_OPTION` */
export function checkFeedOptions(given: FeedOptions, call: string): FeedOptions {
  const options = toOptions(given, call, { from: true, signal: true })
  if (options.signal !== undefined) checkSignal(options.signal)
  return options
}

/** Entries in one read. */
const PAGE = 100

/**
 * The transitions of a queue, in the order of their commits within each partition. It reads a stream by position, so nothing is
 * missed across a reconnect; the channel only tells that there is something to read, and is not believed for more than a second.
 * @throws RedriveError `E_FEED_GAP` where the position is not in the feed any more, `E_INVALID_OPTION` for a broken position.
 */
export async function* readFeed(queue: QueueRuntime, options: FeedOptions = {}): AsyncGenerator<FeedTransition> {
  const { from = 'now', signal } = checkFeedOptions(options, 'feed()')
  // A signal made of others, and listened to, is kept by Node until one of them aborts: so none is made without need.
  const ended = signal ? AbortSignal.any([queue.closed, signal]) : queue.closed
  const places = await orAborted(
    queue.reachable().then(() => startPlaces(queue, from)),
    ended,
  )
  if (!places) return
  const bell = createBell(queue)
  let refused: Error | undefined
  const endNews = ringOnNews(queue, bell, (error) => {
    refused = asError(error)
    bell.ring()
  })
  const endListening = onAbort(ended, bell.ring)
  try {
    while (!ended.aborted) {
      bell.reset()
      let found = false
      for (const [i, partition] of queue.partitions.entries()) {
        for (const entry of (await orAborted(readPage(queue, i, places[i]!.after, PAGE), ended)) ?? []) {
          const transitions = await orAborted(transitionsOf(queue, partition, entry), ended)
          // Redis went away in between: the entry is read again.
          if (!transitions) break
          found = true
          const { after, seen } = places[i]!
          for (const [n, transition] of transitions.entries()) {
            if (n < seen) continue
            places[i] = placeAfter(n, transitions, entry, after)
            yield { ...transition, position: positionText(places) }
          }
          places[i] = { after: entry.position, seen: 0 }
        }
        if (ended.aborted) return
      }
      if (refused) throw refused
      if (!found) await bell.wait(DEFAULTS.maxSleep)
    }
  } finally {
    endListening()
    endNews()
  }
}

/** With all that they refer to; nothing while Redis is away. */
async function transitionsOf(
  queue: QueueRuntime,
  partition: Partition,
  { at, text, position }: FeedEntry,
): Promise<readonly Transition[] | undefined> {
  try {
    return await fillIn(queue.store, partition, position, readTransitions(partition.queue, at, text))
  } catch (error) {
    if (!queue.closed.aborted) queue.log.feedFailed(queue.name, error)
    return undefined
  }
}

const placeAfter = (n: number, { length }: readonly unknown[], { position }: FeedEntry, after: string): Place =>
  n === length - 1 ? { after: position, seen: 0 } : { after, seen: n + 1 }
