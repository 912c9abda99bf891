import type { QueueRuntime } from '../engine/runtime.ts'
import { RedriveError } from '../errors.ts'
import { toText } from '../options.ts'
import type { FeedEntry } from '../store/store.ts'

/** Where a reader of a partition is: past an entry, and past so many transitions of the one that follows it. */
export interface Place {
  readonly after: string
  readonly seen: number
}

/** Before the first entry there is nothing by which a trimmed feed could be told: that entry is rather seen again. */
const placeText = ({ after, seen }: Place): string => (seen === 0 || after === '0' ? after : `${after}+${seen}`)

/** As a position is given to users: that of each partition. */
export const positionText = (places: readonly Place[]): string => places.map(placeText).join(',')

/** @throws RedriveError `E_INVALID_OPTION` for what is no position of this queue; what the store throws. */
export async function startPlaces({ name, partitions, store }: QueueRuntime, from: string): Promise<Place[]> {
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

/**
 * The entries after a place, at most `count`; none while Redis is away, which is asked again and again.
 * @throws RedriveError `E_FEED_GAP`
 */
export async function readPage(
  queue: QueueRuntime,
  index: number,
  after: string,
  count: number,
): Promise<readonly FeedEntry[]> {
  try {
    const { entries, gap } = await queue.store.readFeed(queue.partitions[index]!, after, count)
    if (!gap) return entries
  } catch (error) {
    // A read that was under way when the client was closed.
    if (!queue.closed.aborted) queue.log.feedFailed(queue.name, error)
    return []
  }
  throw new RedriveError(
    'E_FEED_GAP',
    `${after} is not in the feed of "${queue.name}" any more: it was trimmed, or begun anew, and entries are missing. Read from "start", and the messages themselves by list().`,
    { after },
  )
}

/** Waits for an announcement or for a while, whichever is first. */
export function createBell({ clock }: QueueRuntime) {
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

export type Bell = ReturnType<typeof createBell>

/** Rings a bell with each announcement. Nobody waits for the subscriptions: a feed is read without them too, only later. */
export function ringOnNews(queue: QueueRuntime, bell: Bell, failed: (error: unknown) => void): () => void {
  const subscriptions = queue.partitions.map((partition) => queue.store.subscribe(partition, { feed: bell.ring }))
  for (const subscription of subscriptions) subscription.catch(failed)
  return () => {
    for (const subscription of subscriptions) subscription.then((end) => end()).catch(() => {})
  }
}
