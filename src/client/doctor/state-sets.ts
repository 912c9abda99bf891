import type { Partition } from '../../store/store.ts'
import { PARKED, QUARANTINED } from '../../store/store.ts'
import { casesOf } from './case-list.ts'
import type { ExaminedQueue } from './examined-queue.ts'
import { pages } from './keyspace.ts'
import { missingOf, PAGE, takeOut, type Surgery } from './surgery.ts'

/** Members in one call. */
const SCAN = 500
/** From each set in a sample: the first ones, and as many by chance. */
const SAMPLE = 200
/** How long a message may have been due before that is worth a word, in milliseconds. */
const PATIENCE = 60_000

/** From the index to the messages, and what the sets tell by themselves: what is overdue, and what was put aside. */
export async function examineSets(surgery: Surgery, queue: ExaminedQueue, partition: Partition): Promise<void> {
  const { redis, keys } = surgery
  const { states, now } = await surgery.store.stats(partition)
  for (const [state, count] of states) {
    if (count === 0) continue
    for await (const ids of membersOf(surgery, partition, state)) await examineMembers(surgery, queue, partition, ids)
    if (state === QUARANTINED) await examineQuarantine(surgery, queue, partition)
    await examineDue(surgery, queue, { partition, state, now })
  }
  queue.paused += await redis.exists(keys.paused(partition))
  const listeners = (await redis.pubsub('NUMSUB', keys.wakeChannel(partition)).catch(() => [])) as (string | number)[]
  queue.listeners += Number(listeners[1] ?? 0)
}

async function* membersOf(
  { redis, keys, full }: Surgery,
  partition: Partition,
  state: string,
): AsyncGenerator<string[]> {
  const key = keys.state(partition, state)
  if (!full) {
    const [first, some] = [await redis.zrange(key, 0, String(SAMPLE - 1)), await redis.zrandmember(key, SAMPLE)]
    yield [...new Set([...first, ...some])]
    return
  }
  let cursor = '0'
  do {
    const [next, flat] = await redis.zscan(key, cursor, 'COUNT', SCAN)
    cursor = next
    yield flat.filter((_, i) => i % 2 === 0)
  } while (cursor !== '0')
}

async function examineMembers(
  surgery: Surgery,
  queue: ExaminedQueue,
  partition: Partition,
  members: readonly string[],
): Promise<void> {
  for (const ids of pages(members)) {
    const missing = await missingOf(surgery, partition, ids)
    surgery.examined.members += ids.length
    if (missing.length === 0) continue
    const cases = casesOf(queue.faults, 'missing')
    for (const id of missing) cases.add(id)
    cases.repaired += await takeOut(surgery, partition, missing)
  }
}

async function examineQuarantine({ redis, keys }: Surgery, queue: ExaminedQueue, partition: Partition): Promise<void> {
  const key = keys.state(partition, QUARANTINED)
  queue.quarantined += await redis.zcard(key)
  for (const id of await redis.zrange(key, 0, '4')) queue.quarantine.add(id)
}

interface StateSet {
  readonly partition: Partition
  readonly state: string
  /** The clock of the server. */
  readonly now: number
}

async function examineDue(
  { redis, keys }: Surgery,
  queue: ExaminedQueue,
  { partition, state, now }: StateSet,
): Promise<void> {
  const key = keys.state(partition, state)
  const before = Math.min(now - PATIENCE, PARKED)
  const flat = await redis.zrange(key, '-inf', String(before), 'BYSCORE', 'LIMIT', 0, PAGE, 'WITHSCORES')
  if (flat.length === 0) return
  queue.overdue += await redis.zcount(key, '-inf', before)
  queue.oldest = Math.max(queue.oldest, now - Number(flat[1]))
  const ids = flat.filter((_, i) => i % 2 === 0)
  const owners = await Promise.all(ids.map((id) => redis.hget(keys.message(partition, id), 'o').catch(() => null)))
  ids.forEach((id, i) => (owners[i] === null ? queue.waiting : queue.leased).add(id))
}
