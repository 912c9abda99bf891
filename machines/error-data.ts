import { MAX_DELAY } from './backoff.ts'
import { ownFields } from './error-fields.ts'
import { describe, messageOf, read } from './error-message.ts'
import { retryAfterOf } from './retry-after.ts'

/** Longest message kept, in characters. */
const MAX_MESSAGE_LENGTH = 1000
/** Longest stack kept, in characters: Node's ten frames are about half of it. */
const MAX_STACK_LENGTH = 2000
const MAX_NAME_LENGTH = 100

/** An error as plain data that survives JSON unchanged. What is not known is absent, never undefined. */
export interface ErrorData {
  /** The error's `name`; for a class that sets none, the name of the class. `'NonError'` for a thrown string and the like. */
  readonly name: string
  /** At most 1000 characters. */
  readonly message: string
  readonly code?: string | number
  /** At most 2000 characters. */
  readonly stack?: string
  /**
   * At least this many ms until the next attempt, by the error's own `retryAfter`, in milliseconds, or by a `Retry-After` among the
   * headers of the error, its response or its causes, in seconds or as a date. Where a client has seconds in `retryAfter`, hand on
   * `retryAfter * 1000`.
   */
  readonly retryAfter?: number
  /** The attempt does not count; the next one follows after exactly this many ms. */
  readonly snooze?: number
  /** False: no retry will help. */
  readonly retryable?: boolean
  /** One level, without its stack. */
  readonly cause?: ErrorData
  /** What the error has of its own, such as `status`: plain data, 20 fields and 2000 characters at most, without what looks like a secret. */
  readonly [field: string]: unknown
}

/**
 * Plain data from anything that can be thrown: an Error, data that was one, a string, undefined, a revoked proxy.
 * It never throws, and its own result comes back from it unchanged.
 *
 * @param now Epoch ms that a `Retry-After` date is compared with. Default `Date.now()`.
 */
export function toErrorData(error: unknown, now: number = Date.now()): ErrorData {
  const cause = read(error, 'cause')
  return {
    ...(typeof read(error, 'message') === 'string' ? ownFields(error) : {}),
    ...identity(error),
    ...text('stack', read(error, 'stack')),
    ...hints(error, now),
    ...(cause === undefined || cause === null ? {} : { cause: identity(cause) }),
  }
}

function identity(error: unknown): Pick<ErrorData, 'name' | 'message' | 'code'> {
  const message = read(error, 'message')
  if (typeof message !== 'string') {
    return {
      name: 'NonError',
      message: shorten(describe(error), MAX_MESSAGE_LENGTH),
      ...(codeOf(error) ?? nonErrorCode),
    }
  }
  return { name: nameOf(error), message: shorten(messageOf(error), MAX_MESSAGE_LENGTH), ...codeOf(error) }
}

const nonErrorCode = { code: 'E_NON_ERROR_THROWN' }

/** `class QuotaError extends Error {}` has the name "Error"; what people then list as non-retryable is "QuotaError". */
export function nameOf(error: unknown): string {
  const name = read(error, 'name')
  if (typeof name === 'string' && name !== '' && name !== 'Error') return shorten(name, MAX_NAME_LENGTH)
  const className = read(read(error, 'constructor'), 'name')
  if (typeof className !== 'string' || className === '' || className === 'Object') return 'Error'
  return shorten(className, MAX_NAME_LENGTH)
}

function codeOf(error: unknown): { code: string | number } | undefined {
  const code = read(error, 'code')
  if (typeof code === 'string' && code !== '') return { code: shorten(code, MAX_NAME_LENGTH) }
  return typeof code === 'number' && Number.isFinite(code) ? { code: withoutSign(code) } : undefined
}

/** What the error says about its own retry. A hint that makes no sense is ignored: the error is then an ordinary one. */
function hints(error: unknown, now: number): Pick<ErrorData, 'retryAfter' | 'snooze' | 'retryable'> {
  const retryAfter = durationOf(read(error, 'retryAfter')) ?? retryAfterOf(error, now)
  const snooze = durationOf(read(error, 'snooze'))
  const retryable = read(error, 'retryable')
  return {
    ...(retryAfter === undefined ? {} : { retryAfter: Math.min(retryAfter, MAX_DELAY) }),
    ...(snooze === undefined ? {} : { snooze }),
    ...(typeof retryable === 'boolean' ? { retryable } : {}),
  }
}

function durationOf(value: unknown): number | undefined {
  const valid = typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER
  return valid ? withoutSign(Math.round(value)) : undefined
}

/** JSON turns −0 into 0, so this does it first. */
function withoutSign(value: number): number {
  return value === 0 ? 0 : value
}

function text<Key extends string>(key: Key, value: unknown): { [K in Key]?: string } {
  return (typeof value === 'string' ? { [key]: shorten(value, MAX_STACK_LENGTH) } : {}) as { [K in Key]?: string }
}

/** The last character becomes an ellipsis, so that shortening twice gives the same; a surrogate pair is not cut in two. */
function shorten(value: string, length: number): string {
  if (value.length <= length) return value
  const kept = value.slice(0, length - 1)
  return `${/[\uD800-\uDBFF]$/.test(kept) ? kept.slice(0, -1) : kept}…`
}
