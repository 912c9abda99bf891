import type { Keys } from '../../store/keys.ts'
import { casesOf, createCaseList, type CaseList } from './case-list.ts'
import { parseKey, type ExaminedQueue, type PartitionKey } from './examined-queue.ts'
import { examineIds, missingOf, PAGE, takeOut, type Surgery } from './surgery.ts'

/** Keys in one call, and in a sample. */
const SCAN = 1000
const SAMPLE = 10_000

/** Keys of partitions that no queue has, by the base of the partition. */
export type StrayPartitions = ReadonlyMap<string, CaseList>

/**
 * From the messages to the index: walks through the keys of the server, page by page, and looks at each message that it finds. In a
 * sample it ends after ten thousand keys, which the server gives in no order.
 */
export async function examineKeyspace(
  surgery: Surgery,
  prefix: string,
  queues: ReadonlyMap<string, ExaminedQueue>,
): Promise<StrayPartitions> {
  const { redis, keys, full } = surgery
  const strays = new Map<string, CaseList>()
  let [cursor, seen] = ['0', 0]
  do {
    const [next, page] = await redis.scan(cursor, 'MATCH', `${prefix}:{*`, 'COUNT', SCAN)
    cursor = next
    seen += SCAN
    for (const [base, found] of byPartition(page, keys)) {
      const queue = owner(queues, found[0]!)
      if (queue) await examineFound(surgery, queue, found)
      else noteStray(strays, base, found)
    }
  } while (cursor !== '0' && (full || seen < SAMPLE))
  return strays
}

function byPartition(page: readonly string[], keys: Keys): ReadonlyMap<string, readonly PartitionKey[]> {
  const groups = new Map<string, PartitionKey[]>()
  for (const key of page) {
    const parsed = parseKey(keys, key)
    if (!parsed) continue
    const base = keys.base(parsed.partition)
    const group = groups.get(base) ?? []
    groups.set(base, group)
    group.push(parsed)
  }
  return groups
}

function owner(queues: ReadonlyMap<string, ExaminedQueue>, { partition }: PartitionKey): ExaminedQueue | undefined {
  const queue = queues.get(partition.queue)
  // A definition that cannot be read is told by itself.
  return !queue?.partitions || partition.index < queue.partitions.length ? queue : undefined
}

function noteStray(strays: Map<string, CaseList>, base: string, found: readonly PartitionKey[]): void {
  const cases = strays.get(base) ?? createCaseList()
  strays.set(base, cases)
  for (const { kind, id } of found) if (kind === 'm') cases.add(id)
}

async function examineFound(surgery: Surgery, queue: ExaminedQueue, found: readonly PartitionKey[]): Promise<void> {
  if (queue.foreign.length > 0) return
  const { partition } = found[0]!
  const messages = found.flatMap(({ kind, id }) => (kind === 'm' ? id : []))
  for (const ids of pages(messages)) {
    await examineIds(surgery, queue, partition, ids)
    await examineMachines(
      surgery,
      queue,
      ids.map((id) => [id, surgery.keys.message(partition, id)] as const),
    )
    surgery.examined.messages += ids.length
  }
  const mail = [...new Set(found.flatMap(({ kind, id }) => (kind === 'i' || kind === 'n' ? id : [])))]
  for (const ids of pages(mail)) {
    const left = await missingOf(surgery, partition, ids)
    for (const id of left) queue.leftovers.add(id)
    queue.leftovers.repaired += await takeOut(surgery, partition, left)
  }
}

/** A reference is longer than a chunk at times. */
const MACHINE = ['m', 'm.1', 'm.2', 'm.3', 'm.4', 'm.5']

async function examineMachines(
  { redis }: Surgery,
  queue: ExaminedQueue,
  messages: readonly (readonly [id: string, key: string])[],
): Promise<void> {
  // What a foreign key holds is told elsewhere.
  const read = messages.map(([, key]) => redis.hmget(key, ...MACHINE).catch(() => []))
  for (const [i, pieces] of (await Promise.all(read)).entries()) {
    const ref = pieces.join('')
    const [id, key] = messages[i]!
    if (ref !== '' && !queue.arrivals.has(ref)) casesOf(queue.strangers, ref).add(id)
    else if (isLeftByAll(queue, ref) && (await isClaimedInVain(redis, key))) casesOf(queue.inVain, ref).add(id)
  }
}

/** A version that came after all that the living workers know: each of them leaves it to the others. */
const isLeftByAll = ({ arrivals, alive, newestAlive }: ExaminedQueue, ref: string): boolean =>
  newestAlive !== undefined && !alive.has(ref) && (arrivals.get(ref) ?? 0) > newestAlive

/** More often than its steps need: each claim and each commit counts the revision up, and each step has a line in the journal. */
async function isClaimedInVain(redis: Surgery['redis'], key: string): Promise<boolean> {
  const names = await redis.hkeys(key).catch(() => [])
  const [revision, status, quarantine] = await redis.hmget(key, 'r', 'x', 'q').catch(() => [])
  const last = Math.max(-1, ...names.flatMap((name) => /^j(\d+)$/.exec(name)?.[1] ?? []).map(Number))
  return !status && !quarantine && Number(revision ?? 0) > 3 * (last + 1)
}

export function* pages(ids: readonly string[]): Generator<string[]> {
  for (let i = 0; i < ids.length; i += PAGE) yield ids.slice(i, i + PAGE)
}
