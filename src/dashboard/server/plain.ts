import { isError } from '../../errors.ts'
import type { Redact } from './dashboard-options.ts'

/** Turns what a message holds into what JSON can say, with what is hidden left out. */
export type Show = (value: unknown, ...path: string[]) => unknown

/** Messages hold more than JSON does (dates, maps, big integers, cycles, errors): what JSON lacks becomes the nearest thing that it has. */
export function createShow(redact: Redact | undefined): Show {
  function show(value: unknown, path: readonly string[], above: readonly object[], hide: Redact | undefined): unknown {
    if (hide) {
      const shown = hide(value, path)
      if (shown !== value) return show(shown, path, above, undefined)
    }
    return plain(value, above, (inner, key, within) => show(inner, [...path, key], within, hide))
  }
  return (value, ...path) => show(value, path, [], redact)
}

type Inner = (value: unknown, key: string, above: readonly object[]) => unknown

function plain(value: unknown, above: readonly object[], inner: Inner): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`
  if (typeof value !== 'object' || value === null) return value
  if (above.includes(value)) return '[Circular]'
  const within = [...above, value]
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof RegExp || value instanceof URL) return String(value)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
  if (value instanceof Map)
    return [...(value as ReadonlyMap<unknown, unknown>)].map(([key, each]) => [
      String(key),
      inner(each, String(key), within),
    ])
  if (Array.isArray(value) || value instanceof Set)
    return [...(value as Iterable<unknown>)].map((each, i) => inner(each, String(i), within))
  const own = Object.entries(value)
  const facts = isError(value) ? [...errorFacts(value), ...own] : own
  // Without a prototype: an own "__proto__" stays a key like any other.
  const copy = Object.create(null) as Record<string, unknown>
  for (const [key, each] of facts) copy[key] = inner(each, key, within)
  return copy
}

const errorFacts = ({ name, message, stack, cause }: Error): [string, unknown][] => [
  ['name', name],
  ['message', message],
  ...(stack === undefined ? [] : [['stack', stack] as [string, unknown]]),
  ...(cause === undefined ? [] : [['cause', cause] as [string, unknown]]),
]
