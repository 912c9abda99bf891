import { read } from './error-message.ts'

/** What is told of an error elsewhere, or is the error itself. */
const TOLD = new Set(
  'name message stack code cause errors error suppressed retryAfter snooze retryable toJSON constructor __proto__'.split(
    ' ',
  ),
)
/** What clients of HTTP hang on their errors: whole requests, with their headers, sockets and tokens. */
const LARGE = new Set('config request response options headers socket agent client command args parameters'.split(' '))
const SECRET = /pass(word|wd|phrase)?$|secret|token|authorization|cookie|credential|api-?key|private-?key/i
const HIDDEN = '[redacted]'
/** User and password of a URL. */
const CREDENTIALS = /\/\/[^\s/?#]+@/g

const MAX_FIELDS = 20
const MAX_TEXT = 200
/** Of all fields together, as JSON. */
const MAX_BYTES = 2000
const MAX_DEPTH = 2
const MAX_ITEMS = 10

/** The data that an error has of its own, such as `status`: what JSON can hold, in bounds, and nothing that looks like a secret. */
export function ownFields(error: unknown): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  let left = MAX_BYTES
  for (const key of keysOf(error)) {
    if (TOLD.has(key) || LARGE.has(key)) continue
    const value = plain(read(error, key), key, MAX_DEPTH)
    if (value === undefined) continue
    const size = key.length + JSON.stringify(value).length + 4
    if (size > left || Object.keys(fields).length === MAX_FIELDS) continue
    left -= size
    fields[key] = value
  }
  return fields
}

/** Errors of Redrive say what they know in their message. */
function keysOf(error: unknown): string[] {
  if (typeof error !== 'object' || error === null) return []
  try {
    return read(error, 'name') === 'RedriveError' ? [] : Object.keys(error)
  } catch {
    return []
  }
}

const bounded = (text: string): string =>
  text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : text

function plain(value: unknown, key: string, depth: number): unknown {
  const isText = typeof value === 'string'
  if ((isText || typeof value === 'number') && SECRET.test(key)) return HIDDEN
  if (isText) return bounded(value.replace(CREDENTIALS, `//${HIDDEN}@`))
  if (typeof value === 'number') return Number.isFinite(value) ? (value === 0 ? 0 : value) : undefined
  if (typeof value === 'boolean' || value === null) return value
  if (typeof value === 'bigint') return String(value)
  return typeof value === 'object' ? inside(value, depth) : undefined
}

function inside(value: object, depth: number): unknown {
  try {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString()
    if (depth === 0) return undefined
    if (Array.isArray(value)) {
      const items = value.slice(0, MAX_ITEMS).map((each) => plain(each, '', depth - 1))
      return items.includes(undefined) ? undefined : items
    }
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return undefined
    const entries = Object.keys(value)
      .slice(0, MAX_ITEMS)
      .filter((key) => !TOLD.has(key) || key === 'code' || key === 'message' || key === 'name')
      .map((key) => [key, plain(read(value, key), key, depth - 1)] as const)
    return Object.fromEntries(entries.filter(([, each]) => each !== undefined))
  } catch {
    return undefined
  }
}
