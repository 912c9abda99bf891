import { stringify, unflatten } from 'devalue'
import { RedriveError, isError } from './errors.ts'

/**
 * The form in which this version writes what JSON does not keep: devalue's text, as devalue 6.0 writes it. A version that writes anything
 * else takes the next number, because an older devalue reads new texts as other values, without an error.
 */
const FORM = 1
const MARK = `~${FORM}:`

/** Whoever walks over an array walks over its holes too. */
export const MAX_SPARSE = 1_000_000

/** @throws when a part of the value cannot be stored. */
export function writeForm(value: unknown): string {
  return `${MARK}${write(value)}`
}

/**
 * Texts of 0.1.0-dev have no mark: a bracket or a minus stands in its place.
 * @throws RedriveError `E_UNKNOWN_FORM`; Error when the text is broken.
 */
export function readForm(text: string): unknown {
  if (text.startsWith(MARK)) return read(text.slice(MARK.length))
  if (text.startsWith('~[') || text.startsWith('~-')) return read(text.slice(1))
  // Only the number is told: the rest may be what nobody is to read.
  const [, form] = /^~(\d{1,9}):/.exec(text) ?? []
  throw unknownForm(form === undefined ? 'its mark is none that this version writes' : `form ${form}`)
}

/** What tells of a text whose form is not known, where the text itself is hidden. */
export function unknownMark(text: string): string {
  const [mark = MARK] = /^~\d{1,9}:/.exec(text) ?? []
  return mark === MARK ? '~?:' : mark
}

function unknownForm(what: string): RedriveError {
  return new RedriveError(
    'E_UNKNOWN_FORM',
    `it is stored in a form that this version does not know: ${what}. Read it with the version of Redrive that wrote it, or a later one.`,
  )
}

function read(text: string): unknown {
  const flat = parseJson(text)
  if (Array.isArray(flat)) for (const part of flat as readonly unknown[]) checkPart(part)
  return unflatten(flat as number | unknown[], revivers)
}

/** The parser's own words quote the text. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new SyntaxError('it is broken behind the mark of its form')
  }
}

/** Negative numbers stand for `undefined`, holes and the like. devalue takes one that it does not know for `undefined`. */
const LAST_SIGN = -7
const SPARSE = -7

/** The value is a list of parts, which refer to each other by number. */
function checkPart(part: unknown): void {
  if (typeof part !== 'object' || part === null) return
  const references: readonly unknown[] = Array.isArray(part) ? part : Object.values(part)
  const [head, second] = references
  if (Array.isArray(part) && typeof head === 'string') checkKind(head)
  if (references.some((each) => typeof each === 'number' && each < LAST_SIGN))
    throw unknownForm('it has a sign that this version does not write')
  if (head === SPARSE && Number(second) > MAX_SPARSE)
    throw new Error(`it has an array of ${Number(second)} elements, most of which are holes`)
}

const KINDS: ReadonlySet<string> = new Set(
  `Error Date Set Map RegExp Object BigInt null URL URLSearchParams ArrayBuffer DataView
  Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array
  Float16Array Float32Array Float64Array BigInt64Array BigUint64Array
  Temporal.Duration Temporal.Instant Temporal.PlainDate Temporal.PlainTime Temporal.PlainDateTime
  Temporal.PlainMonthDay Temporal.PlainYearMonth Temporal.ZonedDateTime`.split(/\s+/),
)

function checkKind(kind: string): void {
  if (!KINDS.has(kind)) throw unknownForm('it has a value of a kind that this version does not write')
  if (isMissing(kind)) throw unknownForm(`it has a ${kind}, which this version of Node.js lacks`)
}

/** What a newer Node.js has, or a polyfill brought: it could be written, and not be read again. */
const isMissing = (kind: string): boolean =>
  (kind.startsWith('Temporal.') && !('Temporal' in globalThis)) ||
  (kind === 'Float16Array' && !('Float16Array' in globalThis))

const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice('[object '.length, -1)

function refuseMissing(value: unknown): void {
  const kind = kindOf(value)
  if (isMissing(kind)) throw new Error(`it is a ${kind}, which this version of Node.js lacks, so it could not be read`)
}

const operations = {
  /** The bytes of the view alone: its buffer may be of Node's pool, with data of others around it, or shared with other threads. */
  viewInfo(view: ArrayBufferView & { readonly length?: number }) {
    refuseMissing(view)
    const { byteLength, length = byteLength } = view
    const { buffer } = new Uint8Array(view.buffer, view.byteOffset, byteLength).slice()
    return { buffer, byteOffset: 0, byteLength, length, bufferByteLength: byteLength }
  },
  toStringValue(value: { toString(): string }): string {
    refuseMissing(value)
    return value.toString()
  },
}

function write(value: unknown): string {
  try {
    return stringify(value, whole, { operations })
  } catch {
    return stringify(value, storable, { operations })
  }
}

const ownEntries = (value: object): [string, unknown][] => Object.entries(value)

const whole = {
  Error: (value: unknown) => isError(value) && described(value, ownEntries(value), value.cause),
}

/** Errors without what cannot be stored. One that is in another is written in its turn. */
const storable = {
  Error(value: unknown) {
    if (!isError(value)) return false
    const kept = ownEntries(value).filter(([, part]) => fits(part))
    return described(value, kept, fits(value.cause) ? value.cause : undefined)
  },
}

const described = ({ name, message, stack }: Error, entries: [string, unknown][], cause: unknown): object => ({
  ...Object.fromEntries(entries),
  name,
  message,
  stack,
  cause,
})

function fits(part: unknown): boolean {
  try {
    return isError(part) || stringify(part, whole, { operations }) !== ''
  } catch {
    return false
  }
}

const revivers = {
  Error: ({ name, message, stack, cause, ...rest }: Record<string, unknown>): Error => {
    const error = new Error(String(message), cause === undefined ? undefined : { cause })
    // Not enumerable on a real error, so not here either: or a second round trip would find more properties than the first.
    Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true })
    Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true })
    return Object.assign(error, rest)
  },
}
