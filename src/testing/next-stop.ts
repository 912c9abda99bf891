import { PARKED, type ListedMessage, type Partition } from '../store/store.ts'
import type { ProcessLife } from './process-life.ts'
import type { World } from './world.ts'

type WorldParts = Pick<World, 'store' | 'timeline'>

/**
 * The next instant at which something may happen: a message becomes due, or a timer of one whose handler runs; and while a handler
 * runs, the last one at which its worker can still renew the lease.
 */
export async function nextStop(
  { store, timeline }: WorldParts,
  partitions: Iterable<Partition>,
  lives: readonly ProcessLife[],
): Promise<number | undefined> {
  const now = timeline.now()
  const dues: number[] = []
  for (const partition of partitions) dues.push(...(await duesOf(store, partition, now)))
  for (const { held } of lives) {
    for (const { queue, index, id, lease } of held.values()) {
      const [listed] = await store.read({ queue, index }, [id])
      dues.push(now + lease - 1, ...(listed?.message.timers ?? []).map(({ due }) => due))
    }
  }
  const later = dues.filter((due) => due > now && due < PARKED)
  return later.length === 0 ? undefined : Math.min(...later)
}

/** One message that is overdue hides all others from the statistics: then each of them is looked at. */
async function duesOf(store: WorldParts['store'], partition: Partition, now: number): Promise<number[]> {
  const { next } = await store.stats(partition)
  if (next === undefined || next > now) return next === undefined ? [] : [next]
  return (await messagesOf(store, partition)).flatMap(({ attentionAt }) => attentionAt ?? [])
}

/** The message that has been due for longest; of several, the one that comes first by its id. */
export async function overdue(
  { store, timeline }: WorldParts,
  partitions: Iterable<Partition>,
): Promise<{ readonly partition: Partition; readonly id: string } | undefined> {
  const now = timeline.now()
  const due: { partition: Partition; id: string; at: number }[] = []
  for (const partition of partitions) {
    for (const { message, attentionAt } of await messagesOf(store, partition)) {
      if (attentionAt !== null && attentionAt <= now) due.push({ partition, id: message.id, at: attentionAt })
    }
  }
  return due.toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))[0]
}

async function messagesOf(store: WorldParts['store'], partition: Partition): Promise<ListedMessage[]> {
  const { states } = await store.stats(partition)
  const all = [...states.keys()].map((state) =>
    store.list(partition, { state, offset: 0, limit: Number.MAX_SAFE_INTEGER, newestFirst: false }),
  )
  return (await Promise.all(all)).flat()
}
