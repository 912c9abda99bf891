import { SyncedClock, type Clock } from '../clock.ts'
import { latest } from './arrivals.ts'
import type { FeedBounds } from './bounds.ts'
import { createFeedKeeper } from './feed-keeper.ts'
import { DEFAULTS, toOptions } from '../options.ts'
import { latestDefinition } from './queue-definition.ts'
import { createRoom } from './memory-bounds.ts'
import { createMemoryFeed } from './memory-feed.ts'
import { createMemoryLookout } from './memory-lookout.ts'
import { createMemorySteering } from './memory-steering.ts'
import { createMessage, liveLock, stored, type MemoryMessage } from './memory-message.ts'
import { round } from './memory-round.ts'
import { claim, commit, deliver, dueAt, membersOf, nextDue, tokenOf, trim, type Slice } from './memory-slice.ts'
import {
  PARKED,
  type BeatStatus,
  type EnqueueStatus,
  type LargeText,
  type ListedMessage,
  type Partition,
  type QueueDefinition,
  type Store,
} from './store.ts'

export interface MemoryStoreOptions {
  /** The clock that stands for the server's. Default: the machine's own. */
  readonly clock?: Clock
  /** How much of the feed is kept of a queue that does not say: entries of each partition, or that and bytes. Default 10,000 and 32 MiB. */
  readonly feed?: number | Partial<FeedBounds>
  /** Milliseconds for which a token's answer is remembered. Default 60,000. */
  readonly tokenTtl?: number
}

/** In memory a lock is no key of its own, so the store itself gives and takes it; see `lock/memory-locks.ts`. */
export interface MemoryStore extends Store {
  /** The clock that it was given: a client on this store goes by it too. */
  readonly clock?: Clock
  lock(partition: Partition, id: string, token: string, ms: number, held: boolean): boolean
}

/** The same semantics as the Redis store in one process: for tests, for simulations, and where no redis-server is at hand. */
export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const names = { clock: true, feed: true, tokenTtl: true } as const
  const { clock: given, feed = {}, tokenTtl = 60_000 } = toOptions(options, 'createMemoryStore()', names)
  const clock = given ?? new SyncedClock()
  const slices = new Map<string, Slice>()
  const definitions = new Map<string, QueueDefinition>()
  const feeds = createFeedKeeper(feed)
  const arrivals = new Map<string, Map<string, number>>()

  function slice(partition: Partition): Slice {
    const key = `${partition.queue}:${partition.index}`
    let known = slices.get(key)
    if (!known)
      slices.set(
        key,
        (known = {
          messages: new Map(),
          states: new Set(),
          feed: createMemoryFeed(() => feeds.boundsOf(partition), DEFAULTS.largeFor),
          tokens: new Map(),
          paused: false,
        }),
      )
    return known
  }

  /** Answers a repeated call as the first time. */
  function once<T>({ tokens }: Slice, token: string, call: () => T): T {
    const now = clock.now()
    for (const [known, { until }] of tokens) {
      if (until > now) break
      tokens.delete(known)
    }
    const before = tokens.get(token)
    const answer = before ? (before.answer as T) : call()
    // Asked for again it is kept anew, and stands behind those that go before it.
    tokens.delete(token)
    if (!isRefusal(answer)) tokens.set(token, { answer, until: now + tokenTtl })
    return answer
  }

  return {
    ...(given ? { clock: given } : {}),
    ...createMemoryLookout(slice, () => clock.now()),
    ...createMemorySteering(slice, () => clock.now()),
    enqueue: async (partition, token, messages, bounds) => {
      const it = slice(partition)
      return once(it, token, () => {
        const now = clock.now()
        const transitions: string[] = []
        const large: LargeText[] = []
        const room = createRoom(it.messages.values(), bounds)
        const statuses = messages.map((message): EnqueueStatus => {
          if (it.messages.has(message.id)) return 'duplicate'
          const admitted = room.admit(message)
          if ('refused' in admitted) return admitted
          const { state, attention, timers, transition } = message.first
          const due = dueAt(now, attention, undefined, timers)
          const created = createMessage(message, now, due ?? PARKED + now)
          if (admitted.size !== undefined) created.size = admitted.size
          it.messages.set(message.id, created)
          room.took(created)
          it.states.add(state)
          transitions.push(`[${JSON.stringify(message.id)},${transition}]`)
          large.push(...(message.large ?? []))
          if (due !== undefined) it.feed.wake(due)
          return 'created'
        })
        it.feed.append(now, transitions, large)
        return statuses
      })
    },
    claim: async (partition, request) => claim(slice(partition), request, clock.now(), tokenTtl),
    round: async (partition, request) => round(slice(partition), request, clock.now(), tokenTtl),
    commit: async (partition, { lease, entries }) => {
      const it = slice(partition)
      const now = clock.now()
      const results = entries.map((entry) => commit(it, entry, lease, now))
      const applied = entries.filter((_, i) => results[i]!.status === 'applied')
      it.feed.append(
        now,
        applied.flatMap(({ transitions }) => transitions),
        applied.flatMap(({ large = [] }) => large),
      )
      return { now, results }
    },
    heartbeat: async (partition, lease, beats) => {
      const it = slice(partition)
      const now = clock.now()
      return beats.map(({ id, fence, progress }): BeatStatus => {
        const message = it.messages.get(id)
        const token = tokenOf(fence)
        const lock = message && liveLock(message, now)
        if (message?.owner !== fence || (lock !== undefined && lock !== token)) return 'lost'
        message.lock = { token, until: now + lease }
        message.score = now + lease
        if (progress !== undefined) {
          message.progress = progress
          it.feed.progress(id, progress)
        }
        return message.inbox.length > 0 ? 'mail' : 'renewed'
      })
    },
    deliver: async (partition, token, deliveries) => {
      const it = slice(partition)
      return once(it, token, () => deliveries.map((delivery) => deliver(it, delivery, clock.now())))
    },
    inbox: async (partition, id) => [...(slice(partition).messages.get(id)?.inbox ?? [])],
    glance: async (partition, ids) =>
      ids.map((id) => {
        const message = slice(partition).messages.get(id)
        const status = message?.fields.get('x')
        return message && { state: message.state, ...(status === undefined ? {} : { status }) }
      }),
    read: async (partition, ids) =>
      ids.map((id) => {
        const message = slice(partition).messages.get(id)
        return message && listed(message)
      }),
    list: async (partition, { state, offset, limit, newestFirst }) => {
      const members = membersOf(slice(partition), state)
      if (newestFirst) members.reverse()
      return members.slice(offset, offset + limit).map(listed)
    },
    stats: async (partition) => {
      const it = slice(partition)
      const messages = [...it.messages.values()]
      return {
        now: clock.now(),
        paused: it.paused,
        states: new Map(
          [...it.states].map((state) => [state, messages.filter((message) => message.state === state).length]),
        ),
        ...nextDue(it),
      }
    },
    trim: async (partition, request) => trim(slice(partition), request, clock.now()),
    // A message and its index are one record here: they cannot disagree, and nothing can be left over.
    forget: async () => 0,
    repair: async (partition, _, ids) => ids.map((id) => (slice(partition).messages.has(id) ? [] : ['missing'])),
    probe: async () => 0,
    checkRights: async () => {},
    remove: async (partition, id, token) => {
      const it = slice(partition)
      const message = it.messages.get(id)
      const lock = message && liveLock(message, clock.now())
      if (lock !== undefined && lock !== token) return 'locked'
      return it.messages.delete(id) ? 'removed' : 'missing'
    },
    lock(partition, id, token, ms, held) {
      const it = slice(partition)
      const now = clock.now()
      const message = it.messages.get(id)
      const holder = message ? liveLock(message, now) : undefined
      if (!message || (held ? holder !== token : holder !== undefined)) return false
      message.lock = { token, until: now + ms }
      return true
    },
    readFeed: async (partition, after, count) => slice(partition).feed.read(after, count),
    feedEnd: async (partition) => slice(partition).feed.end(),
    readLarge: async (partition, position) => slice(partition).feed.readLarge(position),
    prune: async (partition) => slice(partition).feed.prune(clock.now()),
    answered: async (partition, token) => void slice(partition).tokens.delete(token),
    subscribe: async (partition, listener) => slice(partition).feed.subscribe(listener),
    defineQueue: async (name, definition) => {
      const known = latestDefinition(definitions.get(name) ?? definition, definition)
      definitions.set(name, known)
      feeds.note(name, known)
      return known
    },
    arrive: async (queue, refs) => {
      const known = arrivals.get(queue) ?? new Map<string, number>()
      for (const ref of refs) if (!known.has(ref)) known.set(ref, latest(known, clock.now()))
      if (refs.length > 0) arrivals.set(queue, known)
      return new Map(known)
    },
    queues: async () => new Map(definitions),
    ready: async () => ({ description: 'the memory of this process', warnings: [] }),
    close: async () => {},
  }
}

/** All of a batch was refused: nothing was done that would have to be answered alike. */
const isRefusal = (answer: unknown): boolean =>
  Array.isArray(answer) && answer.length > 0 && answer.every((each) => typeof each === 'object')

const listed = (message: MemoryMessage): ListedMessage => ({
  message: stored(message),
  attentionAt: message.score < PARKED ? message.score : null,
})
