import type { MemoryStore } from '../../src/store/memory-store.ts'
import type { ClaimedMessage, CommitEntry, CommitResult, Delivery } from '../../src/store/store.ts'
import type { BreakDisk } from './disk.ts'
import type { World } from './world.ts'

/** A store with a fault. Most are harmless until a reply is lost or a process dies. */
export type Mutant = (store: MemoryStore, world: World) => MemoryStore

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const row of rows) list.push(row)
  return list
}

/** A token that nobody has used. */
const fresh = (world: World): string => `fresh-${world.chance()}`

const tokenIn = (fence: string): string => fence.slice(fence.indexOf(':') + 1)

/** By what is wrong with them. */
const MUTANTS: Readonly<Record<string, Mutant>> = {
  'no fence: a commit of one who lost the message is written all the same': (store) => ({
    ...store,
    async commit(partition, batch) {
      const first = await store.commit(partition, batch)
      const results: CommitResult[] = []
      for (const [i, entry] of batch.entries.entries()) {
        const [owned] = first.results[i]!.status === 'fenced' ? await store.read(partition, [entry.id]) : []
        const fence = owned?.message.owner
        const again = fence && (await store.commit(partition, { ...batch, entries: [{ ...entry, fence }] }))
        results.push(again ? again.results[0]! : first.results[i]!)
      }
      return { ...first, results }
    },
  }),
  'no record of commits: one that is sent again is written again': (store) => ({
    ...store,
    async commit(partition, batch) {
      const first = await store.commit(partition, batch)
      const results: CommitResult[] = []
      for (const [i, entry] of batch.entries.entries()) {
        const [known] = first.results[i]!.status === 'duplicate' ? await store.read(partition, [entry.id]) : []
        const fence = known?.message.owner
        const isOwn = fence !== undefined && tokenIn(fence) === tokenIn(entry.fence)
        const again = isOwn && (await store.commit(partition, { ...batch, entries: [{ ...entry, fence }] }))
        results.push(again ? again.results[0]! : first.results[i]!)
      }
      return { ...first, results }
    },
  }),
  'no token of sends: one that is sent again can bring a finished message back': (store, world) => ({
    ...store,
    enqueue: (partition, _token, ...rest) => store.enqueue(partition, fresh(world), ...rest),
  }),
  'no token of signals: one that is sent again is taken twice': (store, world) => ({
    ...store,
    deliver: (partition, _token, ...rest) => store.deliver(partition, fresh(world), ...rest),
  }),
  'event ids are ignored': (store) => ({
    ...store,
    deliver: (partition, token, deliveries, ...rest) =>
      store.deliver(
        partition,
        token,
        deliveries.map(({ id, event }): Delivery => ({ id, event })),
        ...rest,
      ),
  }),
  'a send is acknowledged and not stored': (store, world) => ({
    ...store,
    enqueue: async (partition, token, messages, ...rest) =>
      world.chance() < 0.1
        ? messages.map(() => 'created' as const)
        : store.enqueue(partition, token, messages, ...rest),
  }),
  'a signal is acknowledged and not stored': (store, world) => ({
    ...store,
    deliver: async (partition, token, deliveries, ...rest) =>
      world.chance() < 0.1
        ? deliveries.map(() => 'delivered' as const)
        : store.deliver(partition, token, deliveries, ...rest),
  }),
  'a timer is dropped': (store) => ({
    ...store,
    commit: (partition, batch) =>
      store.commit(partition, { ...batch, entries: batch.entries.map((entry) => ({ ...entry, setTimers: [] })) }),
  }),
  'timers are early': (store) => ({
    ...store,
    commit: (partition, batch) => store.commit(partition, { ...batch, entries: batch.entries.map(hasty) }),
  }),
  'a commit is acknowledged and not written': (store, world) => ({
    ...store,
    async commit(partition, batch) {
      if (world.chance() >= 0.05) return store.commit(partition, batch)
      const results = batch.entries.map(() => ({ status: 'applied' as const, inbox: false }))
      return { now: world.serverNow(), results }
    },
  }),
  'events stay in the inbox when they are taken': (store) => ({
    ...store,
    commit: (partition, batch) =>
      store.commit(partition, { ...batch, entries: batch.entries.map((entry) => ({ ...entry, consumed: 0 })) }),
  }),
  'the inbox is read backwards': (store) => ({
    ...store,
    async claim(partition, request) {
      const claim = await store.claim(partition, request)
      return { ...claim, messages: claim.messages.map((each) => ({ ...each, inbox: each.inbox.toReversed() })) }
    },
  }),
  'a message is given to two workers': (store) => {
    let last: readonly ClaimedMessage[] = []
    return {
      ...store,
      async claim(partition, request) {
        const claim = await store.claim(partition, request)
        const shared = last
        last = claim.messages
        return claim.messages.length > 0 ? claim : { ...claim, messages: shared }
      },
    }
  },
  'a heartbeat hides that the lease was lost': (store) => ({
    ...store,
    heartbeat: async (partition, lease, beats) =>
      (await store.heartbeat(partition, lease, beats)).map((status) => (status === 'lost' ? 'renewed' : status)),
  }),
  'the population of a state is told wrongly': (store) => ({
    ...store,
    async stats(partition) {
      const stats = await store.stats(partition)
      return { ...stats, states: new Map([...stats.states].map(([state, count]) => [state, count + 1])) }
    },
  }),
  'the feed leaves entries out': (store) => ({
    ...store,
    async readFeed(partition, after, count) {
      const page = await store.readFeed(partition, after, count)
      return { ...page, entries: page.entries.filter((_, i) => i % 3 !== 2) }
    },
  }),
  'a lease is too short to be kept': (store) => ({
    ...store,
    claim: (partition, request) => store.claim(partition, { ...request, lease: 20 }),
  }),
}

/** Disks with a fault, which lie under the outbox of a producer. */
const DISK_MUTANTS: Readonly<Record<string, BreakDisk>> = {
  'no sync: a message is said to be on the disk before it is there': (disk) => ({
    ...disk,
    write: async (key, text) => void disk.write(key, text),
  }),
  'no token in the outbox: what is delivered again has another': (disk, world) => ({
    ...disk,
    async *rows(limit) {
      for await (const [key, text] of disk.rows(limit))
        yield [key, JSON.stringify({ ...(JSON.parse(text) as object), token: fresh(world) })]
    },
  }),
  'deleted before it is delivered': (disk) => ({
    ...disk,
    async *rows(limit) {
      const rows = await all(disk.rows(limit))
      if (limit !== undefined) await disk.remove(rows.map(([key]) => key))
      yield* rows
    },
  }),
  'the disk is read backwards': (disk) => ({
    ...disk,
    async *rows(limit) {
      yield* (await all(disk.rows())).toReversed().slice(0, limit)
    },
  }),
}

/** What is put into a run to break it, by the name of a fault. */
export const breaking = (name: string | undefined): { breakStore?: Mutant; breakDisk?: BreakDisk } => {
  const [breakStore, breakDisk] = name === undefined ? [] : [MUTANTS[name], DISK_MUTANTS[name]]
  return { ...(breakStore ? { breakStore } : {}), ...(breakDisk ? { breakDisk } : {}) }
}

export const MUTANT_NAMES: readonly string[] = [...Object.keys(MUTANTS), ...Object.keys(DISK_MUTANTS)]

const hasty = (entry: CommitEntry): CommitEntry => ({
  ...entry,
  setTimers: entry.setTimers.map((timer) => ({ ...timer, delay: Math.floor(timer.delay / 2) })),
})
