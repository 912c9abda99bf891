import { MAX_DELAY } from './backoff.ts'

const DELAY_SECONDS = /^\d+(?:\.\d+)?$/
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** The three forms of RFC 9110, 5.6.7. A recipient must accept the two obsolete ones as well. */
const HTTP_DATES = [
  /^\w{3}, (?<day>\d{2}) (?<month>\w{3}) (?<year>\d{4}) (?<time>\d{2}:\d{2}:\d{2}) GMT$/,
  /^\w{6,9}, (?<day>\d{2})-(?<month>\w{3})-(?<year>\d{2}) (?<time>\d{2}:\d{2}:\d{2}) GMT$/,
  /^\w{3} (?<month>\w{3}) (?<day>[ \d]\d) (?<time>\d{2}:\d{2}:\d{2}) (?<year>\d{4})$/,
]

/**
 * Milliseconds that a `Retry-After` header asks to wait, or undefined when it says nothing usable (RFC 9110, 10.2.3).
 *
 * Takes seconds (also as a number, and with decimals, which some servers send) or an HTTP-date; a date that has passed
 * gives 0. The result is at most 2^31 − 1: some servers send a time stamp where seconds belong, which would be 54 years.
 *
 * @param now Epoch milliseconds that a date is compared with.
 */
export function parseRetryAfter(value: unknown, now: number): number | undefined {
  const text = headerText(value)
  if (text === undefined) return undefined
  const ms = DELAY_SECONDS.test(text) ? Number(text) * 1000 : parseHttpDate(text, now) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, Math.ceil(ms)), MAX_DELAY)
}

/** A repeated header comes as an array; the first value is as good as any. */
function headerText(value: unknown): string | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value
  if (typeof first === 'number') return String(first)
  return typeof first === 'string' ? first.trim() : undefined
}

/** Epoch milliseconds of an HTTP-date, or NaN. `Date.parse` would take "next 5" for a date. */
function parseHttpDate(text: string, now: number): number {
  const parts = HTTP_DATES.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined)
  if (parts === undefined) return NaN
  const { day = '', month = '', year = '', time = '' } = parts
  const [hour = NaN, minute = NaN, second = NaN] = time.split(':').map(Number)
  // Second 60 is a leap second, and rolls over to the next minute.
  if (hour > 23 || minute > 59 || second > 60) return NaN
  const midnight = Date.UTC(fullYear(year, now), MONTHS.indexOf(month.toLowerCase()), Number(day))
  // 31 February rolls over into March, and an unknown month into the year before: both are garbage.
  const real = new Date(midnight).getUTCDate() === Number(day) && MONTHS.includes(month.toLowerCase())
  return real ? midnight + ((hour * 60 + minute) * 60 + second) * 1000 : NaN
}

/** How deep an error's causes are looked at: clients wrap the error of the one below them once or twice. */
const DEEPEST = 5

/**
 * Milliseconds that the answer within an error asks to wait: by a `Retry-After` in the headers of the error, of its response (fetch
 * wrappers, axios, got, undici, the AWS SDK), or of its causes. Names of headers are the same in any case of their letters.
 *
 * @param now Epoch milliseconds that a date is compared with.
 */
export function retryAfterOf(error: unknown, now: number): number | undefined {
  let each = error
  for (let depth = 0; depth < DEEPEST && each !== undefined && each !== null; depth++) {
    for (const holder of [each, read(each, 'response'), read(each, '$response'), read(each, 'res')]) {
      const ms = parseRetryAfter(headerOf(read(holder, 'headers')) ?? headerOf(read(holder, 'rawHeaders')), now)
      if (ms !== undefined) return ms
    }
    each = read(each, 'cause')
  }
  return undefined
}

/** The value of the header in a `Headers`, a `Map`, an object, a list of pairs, or a flat list of names and values. */
function headerOf(headers: unknown): unknown {
  try {
    for (const [name, value] of pairsOf(headers))
      if (typeof name === 'string' && name.toLowerCase() === 'retry-after') return value
    const get = read(headers, 'get')
    return typeof get === 'function' ? get.call(headers, 'retry-after') : undefined
  } catch {
    return undefined
  }
}

function pairsOf(headers: unknown): Iterable<readonly unknown[]> {
  if (typeof headers !== 'object' || headers === null) return []
  const isIterable = typeof read(headers, Symbol.iterator) === 'function'
  if (!isIterable) return Object.entries(headers)
  const parts = [...(headers as Iterable<unknown>)]
  if (parts.every((part) => Array.isArray(part))) return parts as unknown[][]
  return parts.flatMap((part, i) => (i % 2 === 0 ? [[textOf(part), textOf(parts[i + 1])]] : []))
}

/** undici's raw headers are bytes. */
const textOf = (part: unknown): unknown => (part instanceof Uint8Array ? new TextDecoder().decode(part) : part)

/** A property of anything: getters and proxies may throw. */
function read(value: unknown, key: string | symbol): unknown {
  try {
    return value === undefined || value === null ? undefined : (value as Record<string | symbol, unknown>)[key]
  } catch {
    return undefined
  }
}

/** Two digits that seem more than 50 years ahead mean the past century (RFC 9110, 5.6.7). */
function fullYear(year: string, now: number): number {
  if (year.length > 2) return Number(year)
  const present = new Date(now).getUTCFullYear()
  const guess = present - (present % 100) + Number(year)
  return guess > present + 50 ? guess - 100 : guess
}
