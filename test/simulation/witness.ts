import { isDeepStrictEqual } from 'node:util'
import { BARE } from '../../src/store/layout.ts'
import type { MemoryStore } from '../../src/store/memory-store.ts'
import { entriesOf, fenceOfStart, startEntry, type Round, type RoundRequest } from '../../src/store/round.ts'
import {
  QUARANTINED,
  type Beat,
  type BeatStatus,
  type ClaimedMessage,
  type CommitEntry,
  type CommitResult,
  type Delivery,
  type DeliveryStatus,
  type EnqueueStatus,
  type NewMessage,
  type Partition,
} from '../../src/store/store.ts'
import { applyEntry, createRecord, tokenIn, type MessageRecord } from './message-record.ts'
import type { World } from './world.ts'

/** Stands between the connections and the store, writes down what each call did, and says where that breaks a promise. */
export interface Witness {
  /** The store, watched. */
  readonly store: MemoryStore
  readonly records: ReadonlyMap<string, MessageRecord>
  find(queue: string, id: string): MessageRecord | undefined
  /** A short name for a token, the same in each run of a seed. */
  alias(fence: string): string
}

/** Is shown each step of a message before it is written down. */
export type JudgeStep = (record: MessageRecord, entry: CommitEntry, now: number) => void

export function createWitness(world: World, inner: MemoryStore, judge: JudgeStep): Witness {
  const records = new Map<string, MessageRecord>()
  const aliases = new Map<string, number>()
  const answers = new Map<string, string>()
  const key = (queue: string, id: string): string => `${queue}/${id}`
  const find = (queue: string, id: string): MessageRecord | undefined => records.get(key(queue, id))
  const blame = (id: string, rule: string): void => world.violate(`"${id}" ${rule}`)

  function alias(fence: string): string {
    const token = tokenIn(fence)
    if (!aliases.has(token)) aliases.set(token, aliases.size)
    return fence.includes(':')
      ? `${fence.slice(0, fence.indexOf(':'))}:t${aliases.get(token)}`
      : `t${aliases.get(token)}`
  }

  /** Whether a call with this token was never answered before; one that is sent again must be answered as the first time. */
  function isFirst(token: string, answer: unknown): boolean {
    const text = JSON.stringify(answer)
    const before = answers.get(token)
    if (before === undefined) answers.set(token, text)
    else if (before !== text) world.violate(`${alias(token)} was answered with ${before}, and then with ${text}`)
    return before === undefined
  }

  function stored(partition: Partition, message: NewMessage, status: EnqueueStatus, now: number): void {
    const known = find(partition.queue, message.id)
    if (status === 'duplicate') {
      if (!known || known.gone) blame(message.id, 'is said to be stored, and is not there')
      return
    }
    if (known?.gone) blame(message.id, 'came back to life after it was finished and removed')
    else if (known) blame(message.id, 'was stored twice')
    records.set(key(partition.queue, message.id), createRecord(partition, message, now))
  }

  function claimed(queue: string, message: ClaimedMessage, lease: number, first: boolean, now: number): void {
    const { id, fence, revision } = message
    const record = find(queue, id)
    if (!record || record.gone) return blame(id, 'was claimed and is not there')
    if (record.settled) blame(id, 'was claimed after it was finished')
    if (first) {
      if (record.owner !== undefined && now < record.leaseUntil) blame(id, 'was claimed under the lease of another')
      if (record.attention === undefined || now < record.attention)
        blame(id, `was claimed ${record.attention === undefined ? 'at rest' : `${record.attention - now} ms early`}`)
      if (revision !== record.revision + 1) blame(id, `went from revision ${record.revision} to ${revision} by a claim`)
    } else if (record.owner !== fence) blame(id, 'was given again to one who owns it no more')
    compare(record, message)
    Object.assign(record, { revision, owner: fence, leaseUntil: now + lease, attention: now + lease })
  }

  function compare(record: MessageRecord, { id, state, fields, inbox, timers }: ClaimedMessage): void {
    if (state !== record.state) blame(id, `was read in ${state}, and had been written in ${record.state}`)
    if (!isDeepStrictEqual(fields, Object.fromEntries(record.fields))) blame(id, 'was read other than it was written')
    if (!isDeepStrictEqual(inbox, record.inbox)) blame(id, 'has another inbox than events were delivered to it')
    const dues = (all: Iterable<{ nonce: string; due: number }>): string[] =>
      [...all].map(({ nonce, due }) => `${nonce}@${due}`).toSorted()
    if (!isDeepStrictEqual(dues(timers), dues(record.timers.values()))) blame(id, 'has other timers than were set')
  }

  function committed(queue: string, entry: CommitEntry, { status }: CommitResult, lease: number, now: number): void {
    const { id, fence } = entry
    const record = find(queue, id)
    if (!record) return blame(id, `was written to and is not there (${status})`)
    if (status === 'applied') {
      if (record.gone) return blame(id, 'was written to after it was removed')
      if (record.owner !== fence)
        blame(
          id,
          `was written to under ${alias(fence)}, and belongs to ${record.owner ? alias(record.owner) : 'nobody'}`,
        )
      if (record.used.has(fence)) blame(id, `was written to twice under ${alias(fence)}`)
      if (entry.state === QUARANTINED) blame(id, `was put aside: ${JSON.stringify(entry.changes)}`)
      judge(record, entry, now)
      applyEntry(record, entry, lease, now)
    } else if (status === 'duplicate') {
      if (!record.gone && !record.used.has(fence)) blame(id, 'is said to have been written to, and was not')
    } else if (status === 'fenced' && record.owner === fence) blame(id, 'was refused to its owner')
    else if (status === 'unknown' && !record.gone) blame(id, 'is said to be unknown, and is there')
  }

  /** A round is what it stands for: commits one by one, and a claim with the commit of its start. */
  function rounded({ queue }: Partition, request: RoundRequest, { statuses, started }: Round, now: number): void {
    const { token, lease, recipe } = request
    for (const [i, entry] of request.groups.flatMap(entriesOf).entries())
      committed(queue, entry, { status: statuses[i]!, inbox: false }, lease, now)
    for (const { id, input } of started) {
      const record = find(queue, id)
      if (!record) return blame(id, 'was started and is not there')
      if (record.fields.get('p') !== input) blame(id, 'was started with another input than was sent')
      const fence = `${record.revision + 1}:${token}`
      const fields = Object.fromEntries(record.fields)
      const claim = { id, fence, revision: record.revision + 1, state: record.state, fields, inbox: [], dueAt: now }
      const timers = [...record.timers.values()]
      claimed(queue, { ...claim, timers, journal: [], createdAt: now, enteredAt: now }, lease, true, now)
      const entry = startEntry(recipe!, id, token, { ...BARE.timer, due: timers[0]?.due ?? now })
      committed(queue, entry, { status: 'applied', inbox: false }, lease, now)
    }
  }

  /** One that is sent again gives only what is still its own. */
  function again(queue: string, { token, lease }: RoundRequest, { started }: Round, now: number): void {
    for (const { id } of started) {
      const record = find(queue, id)
      if (record?.owner !== fenceOfStart(token)) blame(id, 'was given again to one who owns it no more')
      else Object.assign(record, { leaseUntil: now + lease, attention: now + lease })
    }
  }

  function beaten(queue: string, { id, fence }: Beat, status: BeatStatus, lease: number, now: number): void {
    const record = find(queue, id)
    const owned = record?.owner === fence && !record.gone
    if (owned !== (status !== 'lost'))
      blame(id, `has its lease ${owned ? 'called lost' : 'renewed by one who lost it'}`)
    if (!record || !owned) return
    record.leaseUntil = now + lease
    record.attention = now + lease
    if ((status === 'mail') !== record.inbox.length > 0) blame(id, 'has its inbox told wrongly')
  }

  function delivered(queue: string, { id, event, eventId }: Delivery, status: DeliveryStatus, now: number): void {
    const record = find(queue, id)
    const expected = expectedOf(record, eventId)
    if (status !== expected) blame(id, `answered ${status} to an event, where ${expected} is right`)
    if (!record || expected !== 'delivered') return
    if (eventId !== undefined) record.eventIds.add(eventId)
    record.inbox.push(event)
    if (record.owner === undefined || now >= record.leaseUntil)
      record.attention = Math.min(record.attention ?? Infinity, now)
  }

  /** Those that were removed are found missing, and were at rest before. */
  async function trimmed(partition: Partition, state: string): Promise<void> {
    const here = [...records.values()].filter(
      (each) => each.queue === partition.queue && each.index === partition.index && each.state === state && !each.gone,
    )
    const found = await inner.read(
      partition,
      here.map(({ id }) => id),
    )
    here.forEach((record, i) => {
      if (found[i]) return
      if (record.attention !== undefined) blame(record.id, 'was trimmed while something of it was due')
      record.gone = true
    })
  }

  const { trace } = world
  const now = world.serverNow
  const store: MemoryStore = {
    ...inner,
    async enqueue(partition, token, messages, ...rest) {
      const statuses = await inner.enqueue(partition, token, messages, ...rest)
      if (isFirst(token, statuses)) messages.forEach((each, i) => stored(partition, each, statuses[i]!, now()))
      trace(`enqueue ${alias(token)} ${messages.map(({ id }, i) => `${id}=${JSON.stringify(statuses[i])}`).join(' ')}`)
      return statuses
    },
    async claim(partition, request) {
      const claim = await inner.claim(partition, request)
      // One that has found nothing leaves no record: sent again it may find something.
      const first = claim.messages.length > 0 && isFirst(request.token, '')
      for (const message of claim.messages) claimed(partition.queue, message, request.lease, first, now())
      trace(
        `claim ${request.worker} ${claim.messages.map(({ id, fence }) => `${id}=${alias(fence)}`).join(' ')} ${claim.next ?? ''}`,
      )
      return claim
    },
    async commit(partition, batch) {
      const commit = await inner.commit(partition, batch)
      batch.entries.forEach((entry, i) => committed(partition.queue, entry, commit.results[i]!, batch.lease, now()))
      trace(`commit ${batch.worker} ${batch.entries.map((entry, i) => told(entry, commit.results[i]!)).join(' ')}`)
      return commit
    },
    async round(partition, request) {
      const round = await inner.round(partition, request)
      const isNew = round.statuses.length + round.started.length > 0 && isFirst(request.token, '')
      if (isNew) rounded(partition, request, round, now())
      else again(partition.queue, request, round, now())
      const entries = request.groups.flatMap(entriesOf)
      const ends = entries.map((entry, i) => told(entry, { status: round.statuses[i]!, inbox: false }))
      trace(`round ${request.worker} ${ends.join(' ')} ${round.started.map(({ id }) => id).join(' ')}`)
      return round
    },
    async heartbeat(partition, lease, beats) {
      const statuses = await inner.heartbeat(partition, lease, beats)
      beats.forEach((beat, i) => beaten(partition.queue, beat, statuses[i]!, lease, now()))
      trace(`heartbeat ${beats.map(({ id }, i) => `${id}=${statuses[i]}`).join(' ')}`)
      return statuses
    },
    async deliver(partition, token, deliveries, ...rest) {
      const statuses = await inner.deliver(partition, token, deliveries, ...rest)
      if (isFirst(token, statuses))
        deliveries.forEach((each, i) => delivered(partition.queue, each, statuses[i]!, now()))
      trace(`deliver ${alias(token)} ${deliveries.map(({ id }, i) => `${id}=${statuses[i]}`).join(' ')}`)
      return statuses
    },
    async trim(partition, request) {
      const count = await inner.trim(partition, request)
      if (count > 0) await trimmed(partition, request.state)
      trace(`trim ${request.state} ${count}`)
      return count
    },
    lock(partition, id, token, ms, held) {
      const done = inner.lock(partition, id, token, ms, held)
      const record = find(partition.queue, id)
      if (done && record) record.leaseUntil = Math.max(record.leaseUntil, now() + ms)
      return done
    },
  }

  const told = ({ id, fence, state, disposal }: CommitEntry, { status }: CommitResult): string =>
    `${id}=${alias(fence)},${state},${disposal},${status}`

  return { store, records, find, alias }
}

function expectedOf(record: MessageRecord | undefined, eventId: string | undefined): DeliveryStatus {
  if (!record || record.gone) return 'missing'
  if (record.fields.has('x')) return 'settled'
  return eventId !== undefined && record.eventIds.has(eventId) ? 'duplicate' : 'delivered'
}
