import type { Redis } from 'ioredis'
import { hasCode } from '../../errors.ts'
import type { IndexFault } from '../../store/index-fault.ts'
import type { Keys } from '../../store/keys.ts'
import type { Partition, Store } from '../../store/store.ts'
import { casesOf } from './case-list.ts'
import type { ExaminedQueue } from './examined-queue.ts'

/** What the parts of an examination work with. */
export interface Surgery {
  readonly redis: Redis
  readonly store: Store
  readonly keys: Keys
  /** All messages, and not a sample of them. */
  readonly full: boolean
  /** Puts indexes right. */
  readonly repair: boolean
  /** Takes out for good what has no message any more. */
  readonly remove: boolean
  /** How much was looked at. */
  readonly examined: { messages: number; members: number }
}

/** Messages in one call of a script. */
export const PAGE = 100

/** No message to put in order, so that there is nothing to mend. */
const beyondMending = (fault: IndexFault): boolean => fault === 'missing' || fault === 'foreign'

/** Compares messages with their index, in one step each, so that a commit at the same moment is no fault; and mends it where asked to. */
export async function examineIds(
  { store, repair }: Surgery,
  queue: ExaminedQueue,
  partition: Partition,
  ids: readonly string[],
): Promise<void> {
  const all = await look(store, queue, partition, ids)
  ids.forEach((id, i) => {
    for (const fault of all[i] ?? []) if (fault !== 'missing') casesOf(queue.faults, fault).add(id)
  })
  const ill = ids.filter((_, i) => all[i]?.some((fault) => !beyondMending(fault)))
  if (!repair || ill.length === 0) return
  for (const fault of (await store.repair(partition, 'mend', ill)).flat())
    if (!beyondMending(fault)) casesOf(queue.faults, fault).repaired++
}

/** A user of the server that may only read may run no script; then nothing is compared, and that is told. */
async function look(
  store: Store,
  queue: ExaminedQueue,
  partition: Partition,
  ids: readonly string[],
): Promise<readonly (readonly IndexFault[])[]> {
  if (queue.unread) return []
  try {
    return await store.repair(partition, 'look', ids)
  } catch (error) {
    if (!hasCode(error, 'E_REDIS_AUTH')) throw error
    queue.unread = true
    return []
  }
}

/** Which of some ids have no message. */
export async function missingOf(
  { redis, keys }: Surgery,
  partition: Partition,
  ids: readonly string[],
): Promise<string[]> {
  const there = await Promise.all(ids.map((id) => redis.exists(keys.message(partition, id))))
  return ids.filter((_, i) => there[i] === 0)
}

/** Takes out what has no message, where asked to; returns how many. */
export async function takeOut(
  { store, remove }: Surgery,
  partition: Partition,
  ids: readonly string[],
): Promise<number> {
  if (!remove || ids.length === 0) return 0
  return store.forget(partition, { missingFor: 0, limit: ids.length, ids })
}
