import type { MemoryFeed } from './memory-feed.ts'
import { applyFields, bytesOf, claimed, liveLock, type MemoryMessage } from './memory-message.ts'
import {
  PARKED,
  QUARANTINED,
  type Claim,
  type ClaimRequest,
  type CommitEntry,
  type CommitResult,
  type Delivery,
  type DeliveryStatus,
  type TrimRequest,
} from './store.ts'

/** One partition in memory, and what the scripts do to it. */
export interface Slice {
  /** Nothing is to be claimed. */
  paused: boolean
  readonly messages: Map<string, MemoryMessage>
  readonly states: Set<string>
  readonly feed: MemoryFeed
  /** What a token did, and until when that is remembered. */
  readonly tokens: Map<string, { readonly answer: unknown; readonly until: number }>
}

export const tokenOf = (fence: string): string => fence.slice(fence.indexOf(':') + 1)

export function membersOf({ messages }: Slice, state: string): MemoryMessage[] {
  return (
    [...messages.values()]
      .filter((message) => message.state === state)
      // What is due at the same time keeps the order in which it came: that of the map.
      .toSorted((a, b) => a.score - b.score)
  )
}

export function nextDue({ messages }: Slice): { next?: number } {
  let next = PARKED
  for (const { score } of messages.values()) next = Math.min(next, score)
  return next < PARKED ? { next } : {}
}

export function dueAt(
  now: number,
  attention: 'now' | 'timers',
  earliest: number | undefined,
  timers: readonly { delay: number; due?: number }[],
): number | undefined {
  if (attention === 'now') return now
  const dues = timers.map(({ delay, due = now + delay }) => due)
  if (earliest !== undefined) dues.push(earliest)
  return dues.length === 0 ? undefined : Math.min(...dues)
}

/** See `lua/claim.lua` for the reasons. */
export function claim(it: Slice, { token, worker, limit, lease }: ClaimRequest, now: number, tokenTtl: number): Claim {
  const before = it.tokens.get(token)
  if (before && before.until > now) return { now, messages: reclaim(it, before.answer as Taken[], token, lease, now) }
  if (it.paused) return { now, messages: [], paused: true }
  const taken: Taken[] = []
  for (const message of candidates(it, limit, now)) {
    if (taken.length === limit) break
    if (liveLock(message, now) !== undefined) {
      message.score = Math.min(Math.max(message.lock!.until, now + 50), now + 1000)
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
    if (message?.owner !== `${revision}:${token}` || (liveLock(message, now) ?? token) !== token) return []
    Object.assign(message, { score: now + lease, lock: { token, until: now + lease } })
    return [claimed(message, token, due)]
  })
}

export function candidates(it: Slice, limit: number, now: number): MemoryMessage[] {
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
export function commit(it: Slice, entry: CommitEntry, lease: number, now: number): CommitResult {
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
  const news = entry.disposal === 'park' && message.inbox.length > (entry.seen ?? Infinity)
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
    const due = mail && entry.disposal !== 'defer' ? now : dueAt(now, entry.attention, entry.earliest, entry.setTimers)
    const waits = entry.disposal === 'release' || entry.disposal === 'defer' || news
    message.score = waits && due !== undefined ? due : PARKED + now
    if (message.score < PARKED) it.feed.wake(message.score)
  }
  return { status: 'applied', inbox: mail }
}

export function deliver(
  it: Slice,
  { id, event, eventId, room = Infinity, revives = false }: Delivery,
  now: number,
): DeliveryStatus {
  const message = it.messages.get(id)
  if (!message) return 'missing'
  const revived = revives && (message.fields.has('F') || message.state === QUARANTINED)
  if (message.fields.has('x') && !revived) return 'settled'
  if (message.inbox.length >= room) return eventId !== undefined && message.seen.has(eventId) ? 'duplicate' : 'full'
  if (eventId !== undefined && seen(message, eventId)) return 'duplicate'
  message.inbox.push(event)
  if (message.owner !== undefined && liveLock(message, now) !== undefined) it.feed.mail(id, message.worker ?? '')
  else {
    message.score = Math.min(message.score, now)
    it.feed.wake(now)
  }
  return 'delivered'
}

const REMEMBERED = 1000

function seen({ seen: ids }: MemoryMessage, eventId: string): boolean {
  if (ids.has(eventId)) return true
  ids.add(eventId)
  if (ids.size > REMEMBERED) ids.delete(ids.values().next().value!)
  return false
}

/** See `lua/trim.lua`. */
export function trim(it: Slice, { state, age, keep, bytes, limit }: TrimRequest, now: number): number {
  const parked = membersOf(it, state).filter(({ score }) => score >= PARKED)
  const old = age === undefined ? 0 : parked.filter(({ score }) => score <= PARKED + now - age).length
  const excess = Math.max(0, parked.length - Math.min(keep ?? Infinity, fitting(parked, bytes)))
  const doomed = parked.slice(0, Math.min(limit, Math.max(old, excess))).filter((message) => !liveLock(message, now))
  for (const { id } of doomed) it.messages.delete(id)
  return doomed.length
}

/** How many of the newest fit into so many bytes. */
function fitting(parked: readonly MemoryMessage[], bytes = Infinity): number {
  const total = parked.reduce((sum, message) => sum + bytesOf(message), 0)
  return total <= bytes ? Infinity : Math.floor((bytes * parked.length) / total)
}
