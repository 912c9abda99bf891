import { FIELD } from '../../src/engine/snapshot.ts'
import { decodeTransitions } from '../../src/events/transition-text.ts'
import type { Transition } from '../../src/message.ts'
import type { CommitEntry, NewMessage, Partition, StoredTimer } from '../../src/store/store.ts'

/** A message as it must be by all that the store has answered so far: written down apart from the store, and by simpler rules. */
export interface MessageRecord {
  readonly queue: string
  /** Number of its partition. */
  readonly index: number
  readonly id: string
  revision: number
  state: string
  readonly fields: Map<string, string>
  readonly timers: Map<string, StoredTimer>
  inbox: string[]
  /** Texts of the events that commits have taken out of the inbox. */
  readonly taken: string[]
  /** Those that its end has left in the inbox. */
  readonly dropped: string[]
  readonly eventIds: Set<string>
  /** Fence of the one who may write. */
  owner: string | undefined
  /** Until when nobody else may claim it. */
  leaseUntil: number
  /** When it is due, if it is. */
  attention: number | undefined
  /** Fences under which a commit was applied. */
  readonly used: Set<string>
  /** Fences under which handlers may run: those of the owner after a commit that kept the lease. */
  readonly running: Set<string>
  /** Fields of the custom actions that were asked for. */
  readonly actions: Set<string>
  readonly transitions: Transition[]
  /** Its machine is finished and nothing of it is left to do. */
  settled: boolean
  gone: boolean
}

export function createRecord({ queue, index }: Partition, message: NewMessage, now: number): MessageRecord {
  const { id, first } = message
  const { state, timers, attention } = first
  const fields = { ...first.fields, ...message.fields }
  const set = timers.map(({ nonce, text, delay }) => [nonce, { nonce, text, due: now + delay }] as const)
  return {
    queue,
    index,
    id,
    revision: 0,
    state,
    fields: new Map(Object.entries(fields)),
    timers: new Map(set),
    inbox: [],
    taken: [],
    dropped: [],
    eventIds: new Set(),
    owner: undefined,
    leaseUntil: 0,
    attention: attention === 'now' ? now : earliest(set.map(([, timer]) => timer)),
    used: new Set(),
    running: new Set(),
    actions: new Set(Object.entries(fields).flatMap(([field, text]) => (isOwnAction(field, text) ? [field] : []))),
    transitions: transitionsOf(queue, now, [`[${JSON.stringify(id)},${first.transition}]`]),
    settled: false,
    gone: false,
  }
}

/** What a commit makes of it. */
export function applyEntry(record: MessageRecord, entry: CommitEntry, lease: number, now: number): void {
  record.used.add(entry.fence)
  record.transitions.push(...transitionsOf(record.queue, now, entry.transitions))
  record.taken.push(...record.inbox.slice(0, entry.consumed))
  record.inbox = record.inbox.slice(entry.consumed)
  record.gone = entry.disposal === 'remove'
  record.settled = record.gone || entry.disposal === 'settle'
  if (record.settled) record.dropped.push(...record.inbox.splice(0))
  record.revision++
  record.state = entry.state
  for (const { field, value } of entry.changes) {
    if (value === undefined) record.fields.delete(field)
    else record.fields.set(field, value)
    if (isOwnAction(field, value)) record.actions.add(field)
  }
  for (const { nonce } of entry.clearTimers) record.timers.delete(nonce)
  for (const { nonce, text, delay } of entry.setTimers) record.timers.set(nonce, { nonce, text, due: now + delay })
  if (entry.disposal === 'keep') return keep(record, entry.fence, now + lease)
  record.owner = undefined
  record.leaseUntil = 0
  record.attention = attentionAfter(record, entry, now)
}

/** One that the machine's author wrote, and not one of those by which messages talk. */
const isOwnAction = (field: string, text: string | undefined): boolean =>
  field.startsWith(FIELD.action) && text?.startsWith('redrive.') === false

function keep(record: MessageRecord, fence: string, leaseUntil: number): void {
  record.owner = `${record.revision}:${tokenIn(fence)}`
  record.running.add(record.owner)
  record.leaseUntil = leaseUntil
  record.attention = leaseUntil
}

function attentionAfter(record: MessageRecord, entry: CommitEntry, now: number): number | undefined {
  if (entry.disposal === 'defer') return entry.earliest
  if (entry.disposal !== 'release') return undefined
  if (record.inbox.length > 0 || entry.attention === 'now') return now
  return earliest([...record.timers.values()])
}

function earliest(timers: readonly StoredTimer[]): number | undefined {
  return timers.length === 0 ? undefined : Math.min(...timers.map(({ due }) => due))
}

const transitionsOf = (queue: string, now: number, texts: readonly string[]): Transition[] =>
  decodeTransitions(queue, now, `[${texts.join(',')}]`)

export const tokenIn = (fence: string): string => fence.slice(fence.indexOf(':') + 1)
