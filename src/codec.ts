import { parse, stringify } from 'devalue'
import { RedriveError, isError } from './errors.ts'

/**
 * Values to text and back, unchanged. JSON where JSON is faithful (nearly always, and several times quicker), else devalue
 * behind a `~`: `undefined`, dates, maps, sets, big integers, NaN, regular expressions, errors with their cause, cycles.
 * What neither keeps (functions, symbols, class instances) is refused with its path.
 */
export function encode(value: unknown, path: string): string {
  const verdict = faithfulness(value, 0)
  if (verdict === 'json') return JSON.stringify(value)
  if (verdict === 'deep') throw refusal(path, `it is nested deeper than ${MAX_DEPTH} levels`)
  try {
    return `~${stringify(value, reducers)}`
  } catch (cause) {
    const at = isError(cause) && 'path' in cause ? String(cause.path) : ''
    throw refusal(path + at, isError(cause) ? cause.message : String(cause), cause)
  }
}

/** @throws SyntaxError or Error when the text was not written by `encode`. */
export function decode(text: string): unknown {
  return text.startsWith('~') ? parse(text.slice(1), revivers) : JSON.parse(text)
}

const MAX_DEPTH = 500

/** Whether JSON gives the value back as it was. */
function faithfulness(value: unknown, depth: number): 'json' | 'rich' | 'deep' {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return 'json'
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? 'json' : 'rich'
  if (typeof value !== 'object') return 'rich'
  if (depth === MAX_DEPTH) return 'deep'
  return Array.isArray(value) ? ofArray(value, depth) : ofObject(value, depth)
}

function ofArray(array: readonly unknown[], depth: number): 'json' | 'rich' | 'deep' {
  // By index, because `for … of` reads a hole as `undefined`, which is refused by the check of the element all the same.
  for (let i = 0; i < array.length; i++) {
    const verdict = faithfulness(array[i], depth + 1)
    if (verdict !== 'json') return verdict
  }
  return 'json'
}

function ofObject(object: object, depth: number): 'json' | 'rich' | 'deep' {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype !== Object.prototype || Object.getOwnPropertySymbols(object).length > 0) return 'rich'
  for (const key of Object.keys(object)) {
    // An own `__proto__` would survive JSON, and then bend the prototype of whatever it is assigned to; devalue refuses it.
    if (key === '__proto__' || key === 'toJSON') return 'rich'
    const verdict = faithfulness((object as Record<string, unknown>)[key], depth + 1)
    if (verdict !== 'json') return verdict
  }
  return 'json'
}

const reducers = {
  Error: (value: unknown) =>
    isError(value) && {
      ...(value as object),
      name: value.name,
      message: value.message,
      stack: value.stack,
      cause: value.cause,
    },
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

function refusal(path: string, why: string, cause?: unknown): RedriveError {
  return new RedriveError(
    'E_UNSERIALIZABLE',
    `${path} cannot be stored and read back unchanged: ${why}. Pass plain data: objects, arrays, text, numbers, dates, maps, sets.`,
    { path, cause },
  )
}
