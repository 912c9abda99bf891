import { RedriveError } from '../errors.ts'
import { decodeTransitions } from '../events/transition-text.ts'
import type { EventData, Transition } from '../message.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import { DEFAULTS, toText } from '../options.ts'

export interface FeedOptions {
  /** `'now'` (default): what comes from here on; `'start'`: from the oldest entry kept; or a `position` seen before. */
  readonly from?: string
  readonly signal?: AbortSignal
}

/** A transition with the position from which to resume after it. */
export type FeedTransition<Output = unknown, Emitted = EventData> = Transition<Output, Emitted> & {
  readonly position: string
}

/** Entries in one read. */
const PAGE = 100

/**
 * The transitions of a queue, in the order of their commits within each partition. It reads a stream by position, so nothing is
 * missed across a reconnect; the channel only tells that there is something to read, and is not believed for more than a second.
 * @throws RedriveError `E_FEED_GAP` when entries after the position were trimmed, `E_INVALID_OPTION` for a broken position.
 */
export async function* readFeed(
  queue: QueueRuntime,
  { from = 'now', signal }: FeedOptions = {},
): AsyncGenerator<FeedTransition> {
  await queue.ready()
  // A signal made of others, and listened to, is kept by Node until one of them aborts: so none is made without need.
  const ended = signal ? AbortSignal.any([queue.closed, signal]) : queue.closed
  const places = await startPlaces(queue, from)
  const bell = createBell(queue)
  const unsubscribes = await Promise.all(
    queue.partitions.map((partition) => queue.store.subscribe(partition, { feed: bell.ring })),
  )
  ended.addEventListener('abort', bell.ring, { once: true })
  try {
    while (!ended.aborted) {
      bell.reset()
      let found = false
      for (const [i, partition] of queue.partitions.entries()) {
        for (const entry of await page(queue, i, places[i]!.after)) {
          found = true
          const { after, seen } = places[i]!
          const transitions = decodeTransitions(partition.queue, entry.at, entry.text)
          for (const [n, transition] of transitions.entries()) {
            if (n < seen) continue
            places[i] = { after, seen: n + 1 }
            if (n === transitions.length - 1) places[i] = { after: entry.position, seen: 0 }
            yield { ...transition, position: places.map(placeText).join(',') }
          }
          places[i] = { after: entry.position, seen: 0 }
        }
        if (ended.aborted) return
      }
      if (!found) await bell.wait(DEFAULTS.maxSleep)
    }
  } finally {
    ended.removeEventListener('abort', bell.ring)
    await Promise.all(unsubscribes.map((unsubscribe) => unsubscribe().catch(() => {})))
  }
}

/** One page; while Redis is away it is asked again and again. */
async function page(queue: QueueRuntime, index: number, after: string) {
  try {
    const { entries, gap } = await queue.store.readFeed(queue.partitions[index]!, after, PAGE)
    if (!gap) return entries
  } catch (error) {
    // A read that was under way when the client was closed.
    if (!queue.closed.aborted) queue.log.feedFailed(queue.name, error)
    return []
  }
  throw new RedriveError(
    'E_FEED_GAP',
    `the feed of "${queue.name}" was trimmed past ${after}: entries are missing. Read from "start", and the messages themselves by list().`,
    { after },
  )
}

/** Where a reader of a partition is: past an entry, and past so many transitions of the one that follows it. */
interface Place {
  readonly after: string
  readonly seen: number
}

/** Before the first entry there is nothing by which a trimmed feed could be told: that entry is rather seen again. */
const placeText = ({ after, seen }: Place): string => (seen === 0 || after === '0' ? after : `${after}+${seen}`)

async function startPlaces({ name, partitions, store }: QueueRuntime, from: string): Promise<Place[]> {
  if (from === 'start') return partitions.map(() => ({ after: '0', seen: 0 }))
  if (from === 'now')
    return Promise.all(partitions.map(async (partition) => ({ after: await store.feedEnd(partition), seen: 0 })))
  const positions = toText(from, 'from').split(',')
  if (
    positions.length === partitions.length &&
    positions.every((position) => /^\d{1,15}(-\d{1,15})?(\+\d{1,15})?$/.test(position))
  )
    return positions.map((position) => {
      const [after = '0', seen = '0'] = position.split('+')
      return { after, seen: Number(seen) }
    })
  throw new RedriveError(
    'E_INVALID_OPTION',
    `from must be "now", "start", or the position of a transition of "${name}", which has ${partitions.length} parts; got "${from}".`,
    { path: 'from' },
  )
}

/** Waits for an announcement or for a while, whichever is first. */
function createBell({ clock }: QueueRuntime) {
  let rung = false
  let wake = (): void => {}
  return {
    ring: () => {
      rung = true
      wake()
    },
    reset: () => {
      rung = false
    },
    wait: (ms: number) =>
      new Promise<void>((resolve) => {
        if (rung) return resolve()
        const cancel = clock.after(ms, resolve)
        wake = () => {
          cancel()
          resolve()
        }
      }),
  }
}
