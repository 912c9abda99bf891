import { SyncedClock, type Clock } from '../clock.ts'
import { createMemoryFeed, type MemoryFeed } from './memory-feed.ts'
import { applyFields, claimed, createMessage, liveLock, stored, type MemoryMessage } from './memory-message.ts'
import {
  PARKED,
  type BeatStatus,
  type Claim,
  type ClaimRequest,
  type CommitEntry,
  type CommitResult,
  type DeliveryStatus,
  type EnqueueStatus,
  type ListedMessage,
  type Partition,
  type QueueDefinition,
  type Store,
} from './store.ts'

export interface MemoryStoreOptions {
  /** The clock that stands for the server's. Default: the machine's own. */
  readonly clock?: Clock
  /** Entries of the feed kept per partition. Default 10,000. */
  readonly feed?: number
  /** Milliseconds for which a token's answer is remembered. Default 60,000. */
  readonly tokenTtl?: number
}

/** In memory a lock is no key of its own, so the store itself gives and takes it; see `lock/memory-locks.ts`. */
export interface MemoryStore extends Store {
  lock(partition: Partition, id: string, token: string, ms: number, held: boolean): boolean
}

interface Slice {
  readonly messages: Map<string, MemoryMessage>
  readonly states: Set<string>
  readonly feed: MemoryFeed
  /** What a token did, and until when that is remembered. */
  readonly tokens: Map<string, { readonly answer: unknown; readonly until: number }>
}

/** The same semantics as the Redis store in one process: for tests, for simulations, and where no redis-server is at hand. */
export function createMemoryStore({
  clock = new SyncedClock(),
  feed = 10_000,
  tokenTtl = 60_000,
}: MemoryStoreOptions = {}): MemoryStore {
  const slices = new Map<string, Slice>()
  const definitions = new Map<string, QueueDefinition>()

  function slice({ queue, index }: Partition): Slice {
    const key = `${queue}:${index}`
    let known = slices.get(key)
    if (!known)
      slices.set(
        key,
        (known = { messages: new Map(), states: new Set(), feed: createMemoryFeed(feed), tokens: new Map() }),
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
    if (before) return before.answer as T
    const answer = call()
    tokens.set(token, { answer, until: now + tokenTtl })
    return answer
  }

  return {
    enqueue: async (partition, token, messages) => {
      const it = slice(partition)
      return once(it, token, () => {
        const now = clock.now()
        const transitions: string[] = []
        const statuses = messages.map((message): EnqueueStatus => {
          if (it.messages.has(message.id)) return 'duplicate'
          const due = dueAt(now, message.attention, undefined, message.timers)
          it.messages.set(message.id, createMessage(message, now, due ?? PARKED + now))
          it.states.add(message.state)
          transitions.push(message.transition)
          if (due !== undefined) it.feed.wake(due)
          return 'created'
        })
        it.feed.append(now, transitions)
        return statuses
      })
    },
    claim: async (partition, request) => claim(slice(partition), request, clock.now(), tokenTtl),
    commit: async (partition, { lease, entries }) => {
      const it = slice(partition)
      const now = clock.now()
      const results = entries.map((entry) => commit(it, entry, lease, now))
      it.feed.append(
        now,
        entries.flatMap((entry, i) => (results[i]!.status === 'applied' ? entry.transitions : [])),
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
      return once(it, token, () => deliveries.map(({ id, event }) => deliver(it, id, event, clock.now())))
    },
    inbox: async (partition, id) => [...(slice(partition).messages.get(id)?.inbox ?? [])],
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
        states: new Map(
          [...it.states].map((state) => [state, messages.filter((message) => message.state === state).length]),
        ),
        ...nextDue(it),
      }
    },
    trim: async (partition, { state, age, keep, limit }) => {
      const it = slice(partition)
      const now = clock.now()
      const parked = membersOf(it, state).filter(({ score }) => score >= PARKED)
      const old = age === undefined ? 0 : parked.filter(({ score }) => score <= PARKED + now - age).length
      const excess = keep === undefined ? 0 : Math.max(0, parked.length - keep)
      const doomed = parked
        .slice(0, Math.min(limit, Math.max(old, excess)))
        .filter((message) => !liveLock(message, now))
      for (const { id } of doomed) it.messages.delete(id)
      return doomed.length
    },
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
    subscribe: async (partition, listener) => slice(partition).feed.subscribe(listener),
    defineQueue: async (name, definition) => {
      if (!definitions.has(name)) definitions.set(name, definition)
      return definitions.get(name)!
    },
    queues: async () => new Map(definitions),
    ready: async () => ({ description: 'the memory of this process', warnings: [] }),
    close: async () => {},
  }
}

const listed = (message: MemoryMessage): ListedMessage => ({
  message: stored(message),
  attentionAt: message.score < PARKED ? message.score : null,
})

const tokenOf = (fence: string): string => fence.slice(fence.indexOf(':') + 1)

function membersOf({ messages }: Slice, state: string): MemoryMessage[] {
  return [...messages.values()]
    .filter((message) => message.state === state)
    .toSorted((a, b) => a.score - b.score || (a.id < b.id ? -1 : 1))
}

function nextDue({ messages }: Slice): { next?: number } {
  let next = PARKED
  for (const { score } of messages.values()) next = Math.min(next, score)
  return next < PARKED ? { next } : {}
}

function dueAt(
  now: number,
  attention: 'now' | 'timers',
  earliest: number | undefined,
  timers: readonly { delay: number }[],
): number | undefined {
  const dues = timers.map(({ delay }) => now + delay)
  if (attention === 'now') dues.push(now)
  if (earliest !== undefined) dues.push(earliest)
  return dues.length === 0 ? undefined : Math.min(...dues)
}

/** See `lua/claim.lua` for the reasons. */
function claim(it: Slice, { token, worker, limit, lease }: ClaimRequest, now: number, tokenTtl: number): Claim {
  const before = it.tokens.get(token)
  if (before && before.until > now) return { now, messages: reclaim(it, before.answer as Taken[], token, lease, now) }
  const taken: Taken[] = []
  for (const message of candidates(it, limit, now)) {
    if (taken.length === limit) break
    if (liveLock(message, now) !== undefined) {
      message.score = Math.max(message.lock!.until, now + 50)
      continue
    }
    taken.push({ id: message.id, dueAt: message.score, revision: ++message.revision })
    Object.assign(message, {
      owner: `${message.revision}:${token}`,
      worker,
      score: now + lease,
      lock: { token, until: now + lease },
    })
  }
  if (taken.length > 0) it.tokens.set(token, { answer: taken, until: now + tokenTtl })
  const messages = taken.map(({ id, dueAt: due }) => claimed(it.messages.get(id)!, token, due))
  return { now, messages, ...(taken.length === limit ? { next: now } : nextDue(it)) }
}

interface Taken {
  readonly id: string
  readonly dueAt: number
  readonly revision: number
}

function reclaim(it: Slice, taken: readonly Taken[], token: string, lease: number, now: number): Claim['messages'] {
  return taken.flatMap(({ id, dueAt: due, revision }) => {
    const message = it.messages.get(id)
    if (message?.owner !== `${revision}:${token}`) return []
    Object.assign(message, { score: now + lease, lock: { token, until: now + lease } })
    return [claimed(message, token, due)]
  })
}

function candidates(it: Slice, limit: number, now: number): MemoryMessage[] {
  const queues = [...it.states]
    .map((state) =>
      membersOf(it, state)
        .filter(({ score }) => score <= now)
        .slice(0, limit),
    )
    .filter((due) => due.length > 0)
    .toSorted((a, b) => a[0]!.score - b[0]!.score)
  const quota = Math.ceil(limit / Math.max(1, queues.length))
  const rest = queues.flatMap((due) => due.slice(quota)).toSorted((a, b) => a.score - b.score)
  return [...queues.flatMap((due) => due.slice(0, quota)), ...rest]
}

/** See `lua/commit.lua` for the reasons. */
function commit(it: Slice, entry: CommitEntry, lease: number, now: number): CommitResult {
  const message = it.messages.get(entry.id)
  const token = tokenOf(entry.fence)
  if (!message) return { status: entry.disposal === 'remove' ? 'duplicate' : 'unknown', inbox: false }
  if (message.lastCommit === entry.fence) return { status: 'duplicate', inbox: false }
  const lock = liveLock(message, now)
  if (message.owner !== entry.fence || (lock !== undefined && lock !== token)) return { status: 'fenced', inbox: false }
  if (entry.disposal === 'remove') {
    it.messages.delete(entry.id)
    return { status: 'applied', inbox: false }
  }
  applyFields(message, entry, now)
  message.inbox = entry.disposal === 'settle' ? [] : message.inbox.slice(entry.consumed)
  message.lastCommit = entry.fence
  message.revision++
  it.states.add(entry.state)
  const mail = message.inbox.length > 0
  if (entry.disposal === 'keep') {
    Object.assign(message, {
      owner: `${message.revision}:${token}`,
      score: now + lease,
      lock: { token, until: now + lease },
    })
  } else {
    Object.assign(message, { owner: undefined, worker: undefined, progress: undefined, lock: undefined })
    const due = mail ? now : dueAt(now, entry.attention, entry.earliest, entry.setTimers)
    message.score = entry.disposal === 'release' && due !== undefined ? due : PARKED + now
    if (message.score < PARKED) it.feed.wake(message.score)
  }
  return { status: 'applied', inbox: mail }
}

function deliver(it: Slice, id: string, event: string, now: number): DeliveryStatus {
  const message = it.messages.get(id)
  if (!message) return 'missing'
  if (message.fields.has('x')) return 'settled'
  message.inbox.push(event)
  if (message.owner !== undefined && liveLock(message, now) !== undefined) it.feed.mail(id, message.worker ?? '')
  else {
    message.score = now
    it.feed.wake(now)
  }
  return 'delivered'
}
