import { encode } from '../../src/codec.ts'
import type { EventData } from '../../src/message.ts'
import type { ClaimedMessage, CommitEntry, NewMessage, StoredMessage, StoredTimer } from '../../src/store/store.ts'

/** A store for one message, as plain as can be, that refuses what does not fit to what it holds. */
export interface Shelf {
  readonly stored: StoredMessage
  /** Whether a commit took the message away. */
  readonly removed: boolean
  /** Milliseconds since 1970. */
  now: number
  claim(): ClaimedMessage
  commit(entry: CommitEntry): void
  deliver(event: EventData): void
}

export function shelve(message: NewMessage, now = 1_800_000_000_000): Shelf {
  const { id, first } = message
  let stored: StoredMessage = {
    id,
    state: first.state,
    fields: { ...first.fields, ...message.fields },
    revision: 0,
    inbox: [],
    createdAt: now,
    enteredAt: now,
    timers: first.timers.map(({ nonce, text, delay }) => ({ nonce, text, due: now + delay })),
    journal: [{ seq: 0, at: now, text: first.journal }],
  }
  let token = ''
  let removed = false

  const shelf = {
    now,
    get stored() {
      return stored
    },
    get removed() {
      return removed
    },
    claim(): ClaimedMessage {
      token = `token${stored.revision}`
      stored = { ...stored, revision: stored.revision + 1 }
      return { ...stored, fence: `${stored.revision}:${token}`, dueAt: shelf.now }
    },
    commit(entry: CommitEntry): void {
      if (entry.fence !== `${stored.revision}:${token}`) throw new Error(`${entry.fence} is fenced`)
      removed = entry.disposal === 'remove'
      stored = applied(stored, entry, shelf.now)
    },
    deliver(event: EventData): void {
      stored = { ...stored, inbox: [...stored.inbox, encode(event, 'event')] }
    },
  }
  return shelf
}

function applied(stored: StoredMessage, entry: CommitEntry, now: number): StoredMessage {
  if (entry.consumed > stored.inbox.length) throw new Error('more was consumed than the inbox had')
  const set = entry.setTimers.map(({ nonce, text, delay }): StoredTimer => ({ nonce, text, due: now + delay }))
  const forgotten = new Set(entry.forget.map(({ seq }) => seq))
  return {
    ...stored,
    state: entry.state,
    revision: stored.revision + 1,
    fields: withChanges(stored.fields, entry.changes),
    timers: [...without(stored.timers, entry.clearTimers), ...set].toSorted((a, b) => a.due - b.due),
    inbox: entry.disposal === 'settle' ? [] : stored.inbox.slice(entry.consumed),
    journal: [
      ...stored.journal.filter(({ seq }) => !forgotten.has(seq)),
      ...entry.journal.map(({ seq, text }) => ({ seq, text, at: now })),
    ],
    enteredAt: entry.entered ? now : stored.enteredAt,
  }
}

function withChanges(fields: StoredMessage['fields'], changes: CommitEntry['changes']): StoredMessage['fields'] {
  const next = new Map(Object.entries(fields))
  for (const { field, value, previous } of changes) {
    if (next.get(field) !== previous) throw new Error(`the previous value of field ${field} was another`)
    if (value === undefined) next.delete(field)
    else next.set(field, value)
  }
  return Object.fromEntries(next)
}

function without(timers: readonly StoredTimer[], cleared: readonly StoredTimer[]): StoredTimer[] {
  for (const { nonce, text } of cleared) {
    if (!timers.some((timer) => timer.nonce === nonce && timer.text === text)) throw new Error(`there is no ${nonce}`)
  }
  return timers.filter(({ nonce }) => !cleared.some((timer) => timer.nonce === nonce))
}
