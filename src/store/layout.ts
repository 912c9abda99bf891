import type { StoredJournalEntry, StoredMessage, StoredTimer } from './store.ts'

/**
 * How a message lies in its hash. A hash stays a compact listpack while it has at most 128 fields of at most 64 bytes (the
 * defaults of the server), which halves its memory. So a longer value is cut into chunks: `p`, `p.1`, `p.2`, …
 */
export const CHUNK_BYTES = 60
/** A value that would need more chunks than this is kept whole: the hash could not stay a listpack anyway. */
const MAX_CHUNKS = 64

/** Cuts a value; `first` is the size of the first chunk, smaller where a script puts the time before it. */
export function chunk(value: string, first = CHUNK_BYTES): string[] {
  if (value.length <= first && isAscii(value)) return [value]
  const bytes = Buffer.from(value)
  if (bytes.length <= first) return [value]
  if (bytes.length > CHUNK_BYTES * MAX_CHUNKS) return [value]
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
  const before = chunk(previous, first).length
  const after = value === undefined ? 0 : chunk(value, first).length
  return Array.from({ length: Math.max(0, before - after) }, (_, i) => chunkName(field, after + i))
}

const chunkName = (field: string, index: number): string => (index === 0 ? field : `${field}.${index}`)

/** Room that is left for the text of a journal entry beside its time and separator. */
export const JOURNAL_FIRST_CHUNK = CHUNK_BYTES - 14

/** Fields that the scripts write themselves; all others are the engine's, and `T…`, `E…`, `j…` are timers and the journal. */
const OWN = new Set(['s', 'r', 'o', 'k', 'w', 'b', 'a', 'g', 'z'])

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
  const createdAt = time(raw.get('b')) ?? 0
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
