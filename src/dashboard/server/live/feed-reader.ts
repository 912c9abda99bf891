import type { FeedEntry, Partition, Store } from '../../../store/store.ts'

/** Milliseconds between two looks into the feed. */
const EVERY = 300
/** Partitions for which that is right; of more, each is looked at less often, at least each second. */
const PARTITIONS = 64
const SLOWEST = 1000
/** Entries of one look, and looks in a row while there are more. */
const PAGE = 400
const PAGES = 10

/**
 * Tells what comes into the feed from now on, a few times a second. Not by subscription: with a message for each commit Redis writes to one
 * more connection hundreds of times a second. Under load that took 8 % more of its time, and a few large reads take 1.5 %.
 * Resolves, when the server was asked where the feed ends, with the way to end it.
 */
export async function readAlong(
  store: Pick<Store, 'readFeed' | 'feedEnd'>,
  partitions: readonly Partition[],
  hear: (entry: FeedEntry) => void,
): Promise<() => Promise<void>> {
  const every = Math.min(SLOWEST, EVERY * Math.ceil(partitions.length / PARTITIONS))
  const places = await Promise.all(
    partitions.map(async (partition) => ({ partition, after: await store.feedEnd(partition) })),
  )
  let ended = false
  let timer: NodeJS.Timeout | undefined

  async function look(place: (typeof places)[number]): Promise<void> {
    for (let pages = 0; pages < PAGES && !ended; pages++) {
      const { entries, gap } = await store.readFeed(place.partition, place.after, PAGE)
      for (const entry of entries) hear(entry)
      place.after = entries.at(-1)?.position ?? place.after
      // What was trimmed before it was read is gone; figures of a second that is over are of no use.
      if (gap) place.after = await store.feedEnd(place.partition)
      if (entries.length < PAGE) return
    }
    place.after = await store.feedEnd(place.partition)
  }

  async function lookOn(): Promise<void> {
    // While Redis is away it is asked again and again.
    await Promise.allSettled(places.map(look))
    if (!ended) timer = setTimeout(() => void lookOn(), every).unref()
  }

  void lookOn()
  return async () => {
    ended = true
    clearTimeout(timer)
  }
}
