import type { FirstStep, StoredJournalEntry, StoredMessage, StoredTimer } from './store.ts'

/**
 * How a message lies in its hash. A hash stays a compact listpack while it has at most 128 fields of at most 64 bytes (the
 * defaults of the server), which halves its memory. So a longer value is cut into chunks: `p`, `p.1`, `p.2`, …
 */
export const CHUNK_BYTES = 60
/** A value that would need more chunks than this is kept whole: from about half a kilobyte on, chunks cost more than they save. */
const MAX_CHUNKS = 8
/** As many were written by earlier builds. */
const MOST_CHUNKS_EVER = 64

/** Cuts a value; `first` is the size of the first chunk, smaller where a script puts the time before it. */
export function chunk(value: string, first = CHUNK_BYTES, most = MAX_CHUNKS): string[] {
  if (value.length <= first && isAscii(value)) return [value]
  if (value.length > CHUNK_BYTES * most) return [value]
  if (isAscii(value)) return pieces(value, first)
  const bytes = Buffer.from(value)
  if (bytes.length <= first) return [value]
  if (bytes.length > CHUNK_BYTES * most) return [value]
  const chunks: string[] = []
  let start = 0
  while (start < bytes.length) {
    let end = Math.min(start + (start === 0 ? first : CHUNK_BYTES), bytes.length)
    // Not within a character: its continuation bytes are 10xxxxxx.
    while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--
    chunks.push(bytes.toString('utf8', start, end))
    start = end
  }
  return chunks
}

function pieces(ascii: string, first: number): string[] {
  const chunks = [ascii.slice(0, first)]
  for (let at = first; at < ascii.length; at += CHUNK_BYTES) chunks.push(ascii.slice(at, at + CHUNK_BYTES))
  return chunks
}

// oxlint-disable-next-line no-control-regex
const isAscii = (text: string): boolean => /^[\u0000-\u007f]*$/.test(text)

/** Appends `field, value` pairs for a value and its chunks; returns how many pairs. */
export function pushField(args: string[], field: string, value: string): number {
  const chunks = chunk(value)
  chunks.forEach((text, i) => args.push(i === 0 ? field : `${field}.${i}`, text))
  return chunks.length
}

/** Names of the chunks that a value had and a shorter one has no more. */
export function leftoverChunks(field: string, previous: string, value: string | undefined, first?: number): string[] {
  const before = chunk(previous, first, MOST_CHUNKS_EVER).length
  const after = value === undefined ? 0 : chunk(value, first).length
  return Array.from({ length: Math.max(0, before - after) }, (_, i) => chunkName(field, after + i))
}

const chunkName = (field: string, index: number): string => (index === 0 ? field : `${field}.${index}`)

/** Room that is left for the text of a journal entry beside its time and separator. */
export const JOURNAL_FIRST_CHUNK = CHUNK_BYTES - 14

/**
 * Most messages are of the default machine, and wait as its first step has left them. They are stored without what this says: `B`, in the
 * place of `b`, stands for it. The first commit writes out what still holds.
 */
export const BARE = Object.freeze({
  state: 'pending',
  journal: 'pending',
  context: 'payload\n{}',
  timer: Object.freeze({ nonce: '0-0', text: 'xstate.after.deliver.message.pending' }),
})

/** Whether a first step is the one that goes without saying. */
export function isBare({ state, fields, timers, attention, journal }: FirstStep): boolean {
  const [timer, ...more] = timers
  return (
    state === BARE.state &&
    journal === BARE.journal &&
    attention === 'timers' &&
    more.length === 0 &&
    timer?.delay === 0 &&
    timer.nonce === BARE.timer.nonce &&
    timer.text === BARE.timer.text &&
    fields['c'] === BARE.context &&
    Object.keys(fields).length === 2 &&
    fields['m'] !== undefined
  )
}

/** Fields that the scripts write themselves; all others are the engine's, and `T…`, `E…`, `j…` are timers and the journal. */
const OWN = new Set(['s', 'r', 'o', 'k', 'w', 'b', 'B', 'a', 'g', 'z'])

/** Puts a message together from `field, value, …` as `HGETALL` returns it. */
export function parseMessage(id: string, flat: readonly string[], inbox: readonly string[]): StoredMessage {
  const raw = joinChunks(flat)
  const fields: Record<string, string> = {}
  const timers: StoredTimer[] = []
  const journal: StoredJournalEntry[] = []
  for (const [name, value] of raw) {
    if (OWN.has(name) || name.startsWith('E')) continue
    if (name.startsWith('T'))
      timers.push({ nonce: name.slice(1), due: Number(value), text: raw.get(`E${name.slice(1)}`) ?? '' })
    else if (/^j\d{1,15}$/.test(name)) journal.push(parseJournal(Number(name.slice(1)), value))
    else fields[name] = value
  }
  const bareSince = raw.get('B')
  if (bareSince !== undefined) fields['c'] ??= BARE.context
  if (bareSince !== undefined && !raw.has('b')) {
    // Once it has entered a second state, its first timer is over.
    if (!raw.has('a')) timers.push({ ...BARE.timer, due: Number(bareSince) })
    journal.push({ seq: 0, at: time(bareSince) ?? 0, text: BARE.journal })
  }
  const createdAt = time(raw.get('b') ?? bareSince) ?? 0
  return {
    id,
    revision: Number(raw.get('r') ?? 0) || 0,
    state: raw.get('s') ?? '',
    fields,
    timers: timers.toSorted((a, b) => a.due - b.due),
    journal: journal.toSorted((a, b) => a.seq - b.seq),
    inbox,
    createdAt,
    enteredAt: time(raw.get('a')) ?? createdAt,
    ...optional('worker', raw.get('w')),
    ...optional('owner', raw.get('o')),
    ...optional('progress', raw.get('g')),
  }
}

/** A date that JavaScript has: one that another program wrote there may be any text. */
function time(text: string | undefined): number | undefined {
  const ms = Number(text ?? NaN)
  return Math.abs(ms) <= LAST_DATE ? ms : undefined
}

const LAST_DATE = 8.64e15

function joinChunks(flat: readonly string[]): Map<string, string> {
  const raw = new Map<string, string>()
  for (let i = 0; i < flat.length; i += 2) raw.set(flat[i]!, flat[i + 1]!)
  const whole = new Map<string, string>()
  for (const [name, first] of raw) {
    if (name.includes('.')) continue
    let value = first
    for (let i = 1, next; (next = raw.get(`${name}.${i}`)) !== undefined; i++) value += next
    whole.set(name, value)
  }
  return whole
}

function parseJournal(seq: number, value: string): StoredJournalEntry {
  const bar = value.indexOf('|')
  return bar < 0
    ? { seq, at: time(value) ?? 0, text: '' }
    : { seq, at: time(value.slice(0, bar)) ?? 0, text: value.slice(bar + 1) }
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: string }
}
