import { asError, hasCode } from './errors.ts'

/** What a reader shows of a stored text that it cannot read: the text as it lies there, and why. */
export interface Unreadable {
  readonly unreadable: string
  readonly reason: string
}

/** Whoever must not take such a thing for data finds the error here; a user's own object may look the same. */
const faults = new WeakMap<object, Error>()

/** What `read` makes of a stored text, or the text as it lies there. */
export function readable(text: string | undefined, read: (text: string) => unknown): unknown {
  if (text === undefined) return {}
  try {
    return read(text)
  } catch (error) {
    return unreadable(text, error)
  }
}

export function unreadable(text: string, cause: unknown): Unreadable {
  const error = asError(cause)
  // The reason first: summaries are short.
  const shown = { reason: error.message, unreadable: text }
  faults.set(shown, error)
  return shown
}

/** Why a value that `readable` gave is no data. */
export const faultOf = (value: unknown): Error | undefined =>
  typeof value === 'object' && value !== null ? faults.get(value) : undefined

/** A part of something that cannot be read cannot be read either. */
export const partOf = (value: unknown, key: string): unknown =>
  faultOf(value) ? value : (value as Readonly<Record<string, unknown>>)[key]

/** For those who only look, one message that is broken must not hide the others. */
export function orElse<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}

/** Whether a later version, or a later Node.js, could read the text. */
export const isOfUnknownForm = (value: unknown): boolean => hasCode(faultOf(value), 'E_UNKNOWN_FORM')
