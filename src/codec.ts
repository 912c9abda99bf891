import { MAX_SPARSE, readForm, writeForm } from './stored-form.ts'
import { RedriveError, isError } from './errors.ts'

/**
 * Values to text and back, unchanged. JSON where JSON is faithful (nearly always, and several times quicker), else devalue
 * behind a `~` and the mark of its form: `undefined`, dates, maps, sets, big integers, NaN, bytes, regular expressions, errors with
 * their cause, cycles. A `Buffer` comes back as a `Uint8Array`. A view is stored with its own bytes alone.
 * What neither keeps (functions, symbols, class instances) is refused with its path; of an error it is left out, for the error of an
 * HTTP client has its sockets and callbacks with it, and is no less an error without them.
 */
export function encode(value: unknown, path: string): string {
  if (isJson(value)) return JSON.stringify(value)
  const fault = hindrance(value, 0, new Map())
  if (fault !== undefined) throw refusal(path, fault)
  try {
    return writeForm(value)
  } catch (cause) {
    const at = isError(cause) && 'path' in cause ? String(cause.path) : ''
    throw refusal(path + at, whyNot(cause), cause)
  }
}

/** @throws RedriveError `E_UNKNOWN_FORM` for a form of a later version; Error when the text was not written by `encode`. */
export function decode(text: string): unknown {
  if (text.startsWith('~')) return readForm(text)
  const value = parseJson(text)
  if (text.length > MAX_DEPTH) checkDepth(value)
  // Escapes of ASCII are never written, and could hide the name.
  if (text.includes('__proto__') || text.includes('\\u00')) checkKeys(value)
  return value
}

const MAX_DEPTH = 500
/** Objects after which a value is looked through for such that it holds twice. JSON would write each of them again and again. */
const MANY_OBJECTS = 1000

/** The parser's own words quote the text, which may be what nobody is to read. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const [place = ''] = / at position \d+/.exec(String(error)) ?? []
    throw new SyntaxError(`it is no JSON${place}`)
  }
}

/** `encode` writes nothing that is nested so deep: whoever walks over it later would run out of stack. */
function checkDepth(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null) return
  if (depth > MAX_DEPTH) throw new Error(`it is nested deeper than ${MAX_DEPTH} levels`)
  if (Array.isArray(value)) for (const part of value) checkDepth(part, depth + 1)
  else for (const key in value) checkDepth((value as Record<string, unknown>)[key], depth + 1)
}

/** Nor does it write this key, which would bend the prototype of whatever the object is assigned to. */
function checkKeys(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  if (Object.hasOwn(value, '__proto__')) throw new Error('it has a key "__proto__"')
  for (const part of Object.values(value)) checkKeys(part)
}

function isJson(value: unknown): boolean {
  const walk: Walk = { left: MANY_OBJECTS, met: undefined }
  if (isFaithful(value, 0, walk)) return true
  return walk.left < 0 && isFaithful(value, 0, { left: Infinity, met: new Set() })
}

interface Walk {
  /** Objects that may still be met. */
  left: number
  /** Objects of the value; only of one that has many. */
  readonly met: Set<object> | undefined
}

/**
 * Whether JSON gives the value back as it was. What is nested too deep, be it because it contains itself, it does not. Nor does it keep
 * a large value that holds an object more than once: its text would be many times the value.
 */
function isFaithful(value: unknown, depth: number, walk: Walk): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (typeof value !== 'object' || depth === MAX_DEPTH || --walk.left < 0 || walk.met?.has(value)) return false
  walk.met?.add(value)
  return Array.isArray(value) ? isFaithfulArray(value, depth, walk) : isFaithfulObject(value, depth, walk)
}

function isFaithfulArray(array: readonly unknown[], depth: number, walk: Walk): boolean {
  // By index, because `for … of` reads a hole as `undefined`, which is refused by the check of the element all the same.
  for (let i = 0; i < array.length; i++) if (!isFaithful(array[i], depth + 1, walk)) return false
  return true
}

function isFaithfulObject(object: object, depth: number, walk: Walk): boolean {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype !== Object.prototype || Object.getOwnPropertySymbols(object).length > 0) return false
  for (const key of Object.keys(object)) {
    // An own `__proto__` would survive JSON, and then bend the prototype of whatever it is assigned to; devalue refuses it.
    if (key === '__proto__' || key === 'toJSON') return false
    if (!isFaithful((object as Record<string, unknown>)[key], depth + 1, walk)) return false
  }
  return true
}

/**
 * Why devalue could write a value and not read it again: it calls itself at each level, with more of the stack to read than to write;
 * and it makes an error only when all that the error holds is there.
 */
function hindrance(value: unknown, depth: number, met: Map<object, 'open' | 'done'>): string | undefined {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined
  const before = met.get(value)
  if (before !== undefined) return before === 'open' && isError(value) ? CIRCULAR_ERROR : undefined
  if (depth === MAX_DEPTH) return `it is nested deeper than ${MAX_DEPTH} levels`
  if (Array.isArray(value) && value.length > MAX_SPARSE && Object.keys(value).length < value.length)
    return `it has an array of ${value.length} elements, most of which are holes`
  met.set(value, 'open')
  for (const part of partsOf(value)) {
    const fault = hindrance(part, depth + 1, met)
    if (fault !== undefined) return fault
  }
  met.set(value, 'done')
  return undefined
}

const CIRCULAR_ERROR = 'it has an error that contains itself'

function partsOf(value: object): Iterable<unknown> {
  if (value instanceof Map) return [...(value as ReadonlyMap<unknown, unknown>)].flat()
  if (value instanceof Set) return value as ReadonlySet<unknown>
  if (isError(value)) return [...ownValues(value), value.cause]
  const prototype: unknown = Object.getPrototypeOf(value)
  // An instance of a class is refused by itself, however deep it may be.
  return Array.isArray(value) || prototype === Object.prototype || prototype === null ? ownValues(value) : []
}

const ownValues = (value: object): unknown[] => Object.values(value)

/** Of an instance its class is what tells whoever put it there what is meant; devalue calls all of them "arbitrary non-POJOs". */
function whyNot(cause: unknown): string {
  if (!isError(cause)) return String(cause)
  const name = 'value' in cause && cause.message.includes('non-POJO') ? className(cause.value) : undefined
  if (name === undefined) return cause.message
  const instead = INSTEAD.get(name)
  return `it is an instance of ${name}${instead ? `; ${instead}` : ''}`
}

/** What people keep in a context beside its data, and what does its work in a message. */
const INSTEAD = new Map([
  ['Actor', 'let the machine spawn it, by the name that it has in setup({ actors })'],
  ['AbortController', 'the `signal` of a handler aborts when its state is left'],
  ['Promise', 'let the machine invoke it, as an actor'],
  ['SharedArrayBuffer', 'pass a view of it, such as new Uint8Array(buffer): its bytes are copied'],
  ['Blob', 'pass its bytes: new Uint8Array(await blob.arrayBuffer())'],
  ['File', 'pass its bytes: new Uint8Array(await file.arrayBuffer())'],
])

function className(value: unknown): string | undefined {
  try {
    const name: unknown = (value as object).constructor.name
    return typeof name === 'string' && name !== '' && name !== 'Object' ? name : undefined
  } catch {
    return undefined
  }
}

function refusal(path: string, why: string, cause?: unknown): RedriveError {
  return new RedriveError(
    'E_UNSERIALIZABLE',
    `${path} cannot be stored and read back unchanged: ${why}. Pass plain data: objects, arrays, text, numbers, dates, maps, sets.`,
    { path, cause },
  )
}
