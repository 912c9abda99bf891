import type {
  ClaimedMessage,
  CommitEntry,
  NewMessage,
  StoredJournalEntry,
  StoredMessage,
  StoredTimer,
} from './store.ts'

/** A message in the memory store: what the hash, the lock and the list are in Redis. */
export interface MemoryMessage {
  readonly id: string
  revision: number
  state: string
  fields: Map<string, string>
  timers: Map<string, StoredTimer>
  journal: Map<number, StoredJournalEntry>
  inbox: string[]
  /** Ids of events that came, the oldest first. */
  readonly seen: Set<string>
  createdAt: number
  enteredAt: number
  /** When it next needs a worker, or `PARKED` plus the time of its entry. */
  score: number
  owner?: string | undefined
  lastCommit?: string | undefined
  worker?: string | undefined
  progress?: string | undefined
  /** Bytes that it is counted for, where its queue has a bound of them. */
  size?: number
  lock?: { readonly token: string; readonly until: number } | undefined
}

export function createMessage({ id, first, fields }: NewMessage, now: number, score: number): MemoryMessage {
  const timers = first.timers.map(({ nonce, text, delay }) => [nonce, { nonce, text, due: now + delay }] as const)
  return {
    id,
    revision: 0,
    state: first.state,
    fields: new Map(Object.entries({ ...first.fields, ...fields })),
    timers: new Map(timers),
    journal: new Map([[0, { seq: 0, at: now, text: first.journal }]]),
    inbox: [],
    seen: new Set(),
    createdAt: now,
    enteredAt: now,
    score,
  }
}

export function applyFields(message: MemoryMessage, entry: CommitEntry, now: number): void {
  for (const { field, value } of entry.changes) {
    if (value === undefined) message.fields.delete(field)
    else message.fields.set(field, value)
  }
  for (const { nonce } of entry.clearTimers) message.timers.delete(nonce)
  for (const { nonce, text, delay, due = now + delay } of entry.setTimers)
    message.timers.set(nonce, { nonce, text, due })
  for (const { seq, text } of entry.journal) message.journal.set(seq, { seq, at: now, text })
  for (const { seq } of entry.forget) message.journal.delete(seq)
  message.state = entry.state
  if (entry.entered) message.enteredAt = now
}

export function liveLock(message: MemoryMessage, now: number): string | undefined {
  return message.lock && message.lock.until > now ? message.lock.token : undefined
}

export function stored(message: MemoryMessage): StoredMessage {
  return {
    id: message.id,
    revision: message.revision,
    state: message.state,
    fields: Object.fromEntries(message.fields),
    timers: [...message.timers.values()].toSorted((a, b) => a.due - b.due),
    journal: [...message.journal.values()].toSorted((a, b) => a.seq - b.seq),
    inbox: [...message.inbox],
    createdAt: message.createdAt,
    enteredAt: message.enteredAt,
    ...(message.worker === undefined ? {} : { worker: message.worker }),
    ...(message.owner === undefined ? {} : { owner: message.owner }),
    ...(message.progress === undefined ? {} : { progress: message.progress }),
  }
}

export function claimed(message: MemoryMessage, token: string, dueAt: number): ClaimedMessage {
  return { ...stored(message), fence: `${message.revision}:${token}`, dueAt }
}

/** What it takes, about: its texts. */
export function bytesOf({ id, state, fields, timers, journal }: MemoryMessage): number {
  const texts = [id, state, ...[...fields].flat(), ...[...timers.values(), ...journal.values()].map(({ text }) => text)]
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
}
