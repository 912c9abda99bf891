import { isNativeError } from 'node:util/types'
import { causesOf, messageOf } from '../machines/error-message.ts'

/**
 * Every error that Redrive throws has a stable code. The code is for programs, the message for people:
 * what was expected, what came, how to mend it.
 */
export const ERROR_CODES = {
  E_INVALID_OPTION: 'An option has a wrong value.',
  E_INVALID_DURATION: 'A duration is neither milliseconds nor text such as "10m".',
  E_INVALID_ID: 'A message id, queue name or state name cannot be used in a key.',
  E_INVALID_PAYLOAD: 'The input does not satisfy the schema of the queue.',
  E_INVALID_EVENT: 'An event has no type, or does not satisfy the schema of the queue.',
  E_UNKNOWN_EVENT: 'The machine can never take an event of this type.',
  E_PAYLOAD_TOO_LARGE: 'The input is larger than the limit of the queue.',
  E_QUEUE_FULL: 'The queue holds as many messages, or bytes, as its bounds allow.',
  E_INBOX_FULL: 'As many events wait for the message as its queue allows.',
  E_UNSERIALIZABLE: 'A value cannot be stored and read back unchanged.',
  E_UNKNOWN_FORM: 'A stored value has a form that this version does not know.',
  E_UNKNOWN_QUEUE: 'No such queue is defined, or none was ever used on this Redis.',
  E_UNKNOWN_MACHINE: 'A stored message belongs to a machine that this process does not know.',
  E_MISSING_HANDLER: 'An actor that the machine invokes has no handler.',
  E_UNKNOWN_HANDLER: 'A handler is given for an actor that the machine never invokes.',
  E_INVALID_MACHINE: 'A machine cannot be made durable as it is.',
  E_STEP_FAILED: 'A guard, an assign or a delay of the machine threw.',
  E_ID_TAKEN: 'A child message could not be started: another message has its id.',
  E_NOT_FOUND: 'There is no message with this id.',
  E_LOCKED: 'The message is being worked on, or held by another client of its lock.',
  E_LOCKS_UNAVAILABLE: 'Fewer than a majority of the lock nodes answer.',
  E_LEASE_LOST: 'The worker that ran this attempt lost its lease: it crashed, hung, or was cut off.',
  E_INTERRUPTED: 'The worker is shutting down; the attempt does not count.',
  E_CANCELLED: 'The machine left the state that had invoked this handler.',
  E_ATTEMPT_TIMEOUT: 'The attempt took longer than its time limit.',
  E_NON_ERROR_THROWN: 'A handler threw something that is not an Error and cannot be stored.',
  E_DEAD: 'The message is dead; its result cannot come any more.',
  E_QUARANTINED: 'The message is in quarantine: it takes no event until it is released.',
  E_FAILED: 'The machine of the message ended in an error.',
  E_TIMEOUT: 'The wait was longer than asked for.',
  E_RESULT_GONE: 'The message has finished, and its large output is kept no more.',
  E_FEED_GAP: 'The position to resume from is not in the feed any more: entries are missing.',
  E_REDIS_UNAVAILABLE: 'Redis cannot be reached, or did not answer in time.',
  E_REDIS_AUTH: 'Redis refused the user or the password.',
  E_FOREIGN_KEY: 'A key of a queue holds what Redrive did not write.',
  E_REDIS_TLS: 'The certificate of Redis, or that of this client, is not accepted.',
  E_REDIS_VERSION: 'The server is older than Redis 7.0 or Valkey 7.2.',
  E_REDIS_FULL: 'Redis is out of memory and refuses new messages.',
  E_REDIS_MISSING: 'No redis-server or valkey-server is on this machine.',
  E_OUTBOX_FULL: 'Redis is away, and the outbox on the disk has reached its bound.',
  E_OUTBOX_LOCKED: 'Another process uses the directory of the outbox.',
  E_OUTBOX_FAILED: 'The outbox cannot be opened, read or written.',
  E_CLOSED: 'The client, queue or worker is closed.',
  E_BROKEN_LINE: 'A line of the NDJSON input is not a JSON value.',
  E_EXPECTATION: 'What a test expects is not so.',
  E_USAGE: 'The command line is wrong.',
  E_EMPTY_FILTER: 'An operation on many messages does not say which.',
  E_NOT_UNDOABLE: 'What was done cannot be taken back.',
  E_NOT_EDITABLE: 'Only what is dead or in quarantine can be given another input.',
  E_INVALID_REQUEST: 'A request to the dashboard is wrong.',
  E_UNAUTHORIZED: 'The dashboard wants a token, and was given none or a wrong one.',
  E_FORBIDDEN: 'The dashboard does not do this for whoever asks.',
  E_RATE_LIMITED: 'More requests came from one address than the dashboard answers.',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** Facts about an error, for programs; they are part of its JSON form. */
export interface ErrorDetails {
  readonly cause?: unknown
  /** Where: an option's name, a path in a payload, a state, a line number. */
  readonly path?: string
  readonly [fact: string]: unknown
}

const BRAND = Symbol.for('redrive.error')

/** Of a message, in characters: it may quote a name that somebody made of a whole file. */
const LONGEST = 10_000

export class RedriveError extends Error {
  override readonly name: string = 'RedriveError'
  readonly code: ErrorCode
  readonly details: Omit<ErrorDetails, 'cause'>

  constructor(code: ErrorCode, message: string, { cause, ...details }: ErrorDetails = {}) {
    // A reason that is passed on with the same code has it already.
    if (message.startsWith(`${code}: `)) message = message.slice(code.length + 2)
    super(
      `${code}: ${message.length > LONGEST ? `${message.slice(0, LONGEST)}…` : message}`,
      cause === undefined ? undefined : { cause },
    )
    this.code = code
    this.details = details
  }

  /** Also for one of another copy of Redrive: frameworks make several bundles of one program, and give each its own. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    const isOwn = Function.prototype[Symbol.hasInstance].call(this, value)
    return isOwn || (this === RedriveError && isError(value) && BRAND in value)
  }

  toJSON(): { code: ErrorCode; message: string; details: object } {
    return { code: this.code, message: this.message, details: this.details }
  }
}

Object.defineProperty(RedriveError.prototype, BRAND, { value: true })

/** An error of any realm: one that comes from another VM context (a test runner, a sandbox) is no `instanceof Error` here. */
export const isError = (value: unknown): value is Error => isNativeError(value) || value instanceof Error

/** What was thrown, as an error. */
export const asError = (thrown: unknown): Error => (isError(thrown) ? thrown : new Error(safeText(thrown)))

export { messageOf } from '../machines/error-message.ts'

/** What an error says, and its causes where it does not tell of them itself: for logs and terminals. */
export function reasonOf(error: unknown): string {
  let text = isError(error) ? messageOf(error) : safeText(error)
  const met = new Set<unknown>([error])
  let [cause] = isError(error) ? causesOf(error) : []
  for (let depth = 0; depth < 3 && isError(cause) && !met.has(cause); depth++) {
    const said = messageOf(cause)
    if (said !== '' && !text.includes(said)) text = `${text} (cause: ${said})`
    met.add(cause)
    cause = causesOf(cause)[0]
  }
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

function safeText(value: unknown): string {
  try {
    return String(value)
  } catch {
    return `an unprintable ${typeof value}`
  }
}

export function hasCode(error: unknown, ...codes: ErrorCode[]): error is RedriveError {
  return error instanceof RedriveError && codes.includes(error.code)
}

/** The candidate nearest to a misspelt name, or undefined when none is near (Levenshtein distance over a third of its length). */
export function nearest(
  name: string,
  candidates: Iterable<string>,
  most = Math.max(2, Math.floor(name.length / 3)),
): string | undefined {
  // The work grows with the square, and nobody misspells that much.
  if (name.length > 200) return undefined
  let best: string | undefined
  let bestDistance = most + 1
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, substitution))
    }
    row = next
  }
  return row[b.length]!
}
