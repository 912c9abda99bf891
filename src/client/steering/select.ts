import type { QueueRuntime } from '../../engine/runtime.ts'
import type { Message } from '../../message.ts'
import type { Member } from '../../store/lookout.ts'
import type { ListedMessage, Partition } from '../../store/store.ts'
import { toMessage } from '../reader.ts'
import type { See } from './error-facts.ts'
import { isPlain, isWithin, matches, type MessageFilter } from './message-filter.ts'

/** Messages looked at in one call. */
const PAGE = 500

export interface Selection {
  /** Ids of the messages that match, the longest in their state first. */
  readonly ids: readonly string[]
  readonly examined: number
  /** Whether all messages of the state were looked at. */
  readonly complete: boolean
  /** The clock of the store when it began, by which ages are told. */
  readonly now: number
}

export interface SelectOptions {
  readonly see: See
  /** Ends the search when it aborts. */
  readonly signal?: AbortSignal
  /** Messages to look at, at most. */
  readonly most?: number
  /** Messages to find, at most, the oldest of each partition first. */
  readonly limit?: number | undefined
}

/**
 * Looks for the messages that match now. Without a limit it goes from the newest back to the oldest: what comes meanwhile is at the end
 * that it has left behind, so that it ends however quickly messages come.
 */
export async function select(
  queue: QueueRuntime,
  filter: MessageFilter,
  { see, signal, most = Infinity, limit = Infinity }: SelectOptions,
): Promise<Selection> {
  const newestFirst = limit === Infinity
  const found = new Set<string>()
  let [examined, complete] = [0, true]
  const sets = await setsOf(queue, filter)
  const now = sets[0]?.[2] ?? queue.clock.now()
  for (const [partition, state] of sets) {
    let after: Member | undefined
    for (let more = found.size < limit; more;) {
      // Where no more may be looked at, one more tells whether there are more at all.
      const room = most - examined
      const size = Math.max(1, Math.min(PAGE, room))
      const unread = { ids: ordered(found, newestFirst), examined, complete: false, now }
      if (signal?.aborted) return unread
      const page = await queue.store.members(partition, { state, after, limit: size, newestFirst })
      if (room <= 0 && page.length > 0) return unread
      after = page.at(-1)
      examined += page.length
      for (const id of await matching(queue, partition, page, { filter, now, see })) {
        if (found.size < limit) found.add(id)
      }
      more = page.length === size && found.size < limit
    }
    if (found.size >= limit) complete = false
  }
  return { ids: ordered(found, newestFirst), examined, complete, now }
}

const ordered = (found: ReadonlySet<string>, newestFirst: boolean): string[] =>
  newestFirst ? [...found].toReversed() : [...found]

type StateSet = readonly [partition: Partition, state: string, now: number]

async function setsOf({ store, partitions }: QueueRuntime, filter: MessageFilter): Promise<StateSet[]> {
  const all = await Promise.all(
    partitions.map(async (partition) => {
      const { now, states } = await store.stats(partition)
      return [...states.keys()]
        .filter((state) => isWithin(state, filter.state))
        .map((state): StateSet => [partition, state, now])
    }),
  )
  return all.flat()
}

interface Question {
  readonly filter: MessageFilter
  readonly now: number
  readonly see: See
}

async function matching(
  queue: QueueRuntime,
  partition: Partition,
  page: readonly Member[],
  { filter, now, see }: Question,
): Promise<string[]> {
  const { idPrefix = '' } = filter
  const ids = page.map(({ id }) => id).filter((id) => id.startsWith(idPrefix))
  if (isPlain(filter) || ids.length === 0) return ids
  const read = await queue.store.read(partition, ids)
  return ids.filter((_, i) => {
    const listed = read[i]
    return listed !== undefined && matches(filter, asMessage(queue, listed), now, see)
  })
}

export const asMessage = (queue: QueueRuntime, { message, attentionAt }: ListedMessage): Message =>
  toMessage(queue.name, message, attentionAt, queue.machine.tags)
