import { nearest, RedriveError } from './errors.ts'

/** Milliseconds, or text with a unit: `'250ms'`, `'10s'`, `'5m'`, `'2h'`, `'7d'`, `'1h30m'`. */
export type Duration = number | string

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Ten years. A longer delay is nearly always microseconds or a date passed by mistake. */
export const MAX_DURATION = 3650 * 86_400_000

export interface Bounds {
  readonly min?: number
  readonly max?: number
}

/**
 * Milliseconds of a duration.
 * @throws RedriveError `E_INVALID_DURATION` for text without a known unit, NaN, negative or absurdly long values.
 */
export function toMs(value: Duration, name: string, { min = 0, max = MAX_DURATION }: Bounds = {}): number {
  const ms = typeof value === 'string' ? parseDuration(value) : value
  if (typeof ms === 'number' && ms >= min && ms <= max) return Math.round(ms)
  throw new RedriveError(
    'E_INVALID_DURATION',
    `${name} must be between ${boundText(min)} and ${boundText(max)}, as milliseconds or as text such as "10m" or "1h30m" (units: ${Object.keys(UNITS).join(', ')}); got ${show(value)}.`,
    { path: name },
  )
}

/** In the largest unit that says it in a whole number, as a person would. */
function boundText(ms: number): string {
  if (ms === 0) return '0'
  if (ms === MAX_DURATION) return '3650 days (ten years)'
  const [unit, length] = LONG_UNITS.find(([, each]) => ms % each === 0) ?? ['ms', 1]
  const count = ms / length
  return `${count} ${unit}${unit === 'ms' || count === 1 ? '' : 's'}`
}

const LONG_UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

function parseDuration(text: string): number {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)/gy)]
  if (parts.length === 0 || parts.reduce((length, part) => length + part[0].length, 0) !== text.trim().length)
    return NaN
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS[unit!]!, 0)
}

/** @throws RedriveError `E_INVALID_OPTION` unless `value` is an integer within the bounds. */
export function toInteger(
  value: unknown,
  name: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: Bounds = {},
): number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number
  throw new RedriveError(
    'E_INVALID_OPTION',
    `${name} must be a whole number from ${min} to ${max}; got ${show(value)}.`,
    {
      path: name,
    },
  )
}

/** @throws RedriveError `E_INVALID_OPTION` unless `value` is an object, and no list. */
export function toObject<T extends object>(value: T, name: string): T {
  if (typeof value === 'object' && (value as T | null) !== null && !Array.isArray(value)) return value
  throw new RedriveError('E_INVALID_OPTION', `${name} must be an object; got ${show(value)}.`, { path: name })
}

/**
 * @param path Of these options within others, such as `outbox`; none for those of a whole thing, which goes by what it is, such as `a queue`.
 * @throws RedriveError `E_INVALID_OPTION` when a member is none of `names`: one that is misspelt would do nothing, without a word.
 */
export function checkNames(value: object, path: string, names: readonly string[], owner = path): void {
  const unknown = Object.keys(value).find((each) => !names.includes(each))
  if (unknown === undefined) return
  const near = nearest(unknown, names)
  throw new RedriveError(
    'E_INVALID_OPTION',
    `${owner} has no option "${unknown}".${near ? ` Did you mean "${near}"?` : ''} It has: ${names.join(', ')}.`,
    { path: path === '' ? unknown : `${path}.${unknown}` },
  )
}

/** All members of options: the compiler refuses a list that lacks one. */
export type NamesOf<Options> = { readonly [Name in keyof Options]-?: true }

/**
 * The options of a call.
 * @param call who takes them, such as `signal()`
 * @throws RedriveError `E_INVALID_OPTION` for what is no object, and for a member that the call does not know
 */
export function toOptions<Options extends object>(given: Options, call: string, names: NamesOf<Options>): Options {
  checkNames(toObject(given, `the options of ${call}`), '', Object.keys(names), call)
  return given
}

/** @throws RedriveError `E_INVALID_OPTION` unless `value` is text. */
export function toText(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw new RedriveError('E_INVALID_OPTION', `${name} must be text; got ${show(value)}.`, { path: name })
}

/** A short, safe rendering of any value for an error message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null) return String(value)
  return Array.isArray(value) ? `an array of ${value.length}` : 'an object'
}

/** Every default of Redrive in one place. Durations in milliseconds, sizes in bytes. */
export const DEFAULTS = Object.freeze({
  /** The server, when neither the option nor `REDIS_URL` names one. */
  redis: 'redis://127.0.0.1:6379',
  /** First part of every key and channel. Bounds: 1–32 letters, digits, `-`, `_`, `.`. */
  prefix: 'rd',
  /** Partitions (Cluster slots) of a queue. Bounds: 1–1024; it cannot change while messages are stored. */
  partitions: 1,
  /** How long a worker owns a message without a sign of life. Bounds: 500 ms–1 day. */
  lease: 30_000,
  /** Messages of one worker whose handlers run at the same time. Bounds: 1–10,000. */
  concurrency: 10,
  /** Messages claimed beyond `concurrency`, held ready. `undefined` means a quarter of the concurrency, at most 100. */
  prefetch: undefined as number | undefined,
  /** How often an invocation is run again whose worker was lost. Bounds: 0–1,000, and `Infinity`. */
  maxLeasesLost: 3,
  /** Largest stored size of a message's input. Bounds: 1 byte–64 MiB. */
  maxPayloadBytes: 1024 * 1024,
  /** Most events that wait for one message. Bounds: 1–1,000,000. */
  maxInbox: 10_000,
  /** Longest message id, in characters. */
  maxIdLength: 200,
  /** Entries of the journal kept in each message. Bounds: 1–100. */
  journal: 20,
  /**
   * How much of the feed of a queue is kept, about: entries (commit batches) of each partition, bounds 1–10,000,000; bytes of memory of all
   * partitions together, bounds 64 KiB–64 GiB.
   */
  feed: Object.freeze({ entries: 10_000, bytes: 32 * 1024 * 1024 }),
  /** How long what is too large for the feed, and is held by no message, is kept beside it. */
  largeFor: 600_000,
  /** How long a command may go unanswered before it fails with `E_REDIS_UNAVAILABLE`. Bounds: 100 ms–10 min. */
  commandTimeout: 10_000,
  /** How long `stop()` lets handlers finish before it aborts them. Bounds: 0–1 day. */
  drain: 30_000,
  /** The longest sleep of a timer service: a lost notification costs at most this. */
  maxSleep: 1000,
  /** Most messages in one script call. Redis runs nothing else meanwhile, so every batch is bounded. */
  batch: 100,
  /** How long Redis remembers what a claim or an enqueue did, to answer a re-sent one alike. Longer than any retry of a command. */
  tokenTtl: 60_000,
  /** How long settled messages are kept, per tag. `0` removes a message with its last commit; `undefined` keeps it for ever. */
  retention: Object.freeze({ succeeded: 86_400_000, cancelled: 86_400_000, dead: undefined as number | undefined }),
  /** Settled messages examined by one sweep of the janitor. */
  sweep: 1000,
  /** How often the janitor sweeps while there is little to do. */
  sweepInterval: 10_000,
  /** How often it sweeps while each sweep finds something to delete, so that memory stays flat under load. */
  busySweepInterval: 1000,
  /** How long a message must have been missing from its set's hash before the janitor takes it out of the set. */
  missingFor: 3_600_000,
  /** How long an operation that removes messages can be undone. */
  undoFor: 3_600_000,
})
