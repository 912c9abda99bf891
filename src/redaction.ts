import { nameOf } from '../machines/error-data.ts'
import { read } from '../machines/error-message.ts'
import { isError, RedriveError } from './errors.ts'
import { show } from './options.ts'

/** What of a queue's messages only handlers may see. */
export interface Redaction {
  readonly paths: readonly string[]
  /** A copy of a value without what is hidden; the value itself, where nothing of it is. */
  clean(value: unknown): unknown
  /** A text in which nothing stands that is hidden in `whole`, as far as it stands there literally. */
  scrub(text: string, whole: unknown): string
  /** Both of it, for all texts within a value. */
  veil(value: unknown, whole: unknown): unknown
}

export const HIDDEN = '[redacted]'

/** Shorter ones stand in every text by chance, and hiding them would tell where they are. */
const SHORTEST = 4

/**
 * Paths such as `password`, `card.number` or `items.*.token`; `*` is any member. They are looked for at every depth, in all that a message
 * holds: the input is handed on to contexts, events and results under other names.
 * @throws RedriveError `E_INVALID_OPTION`
 */
export function createRedaction(paths: readonly string[]): Redaction {
  const patterns = checked(paths).map((path) => path.split('.'))
  const isHidden = (at: readonly string[]): boolean => patterns.some((pattern) => endsWith(at, pattern))

  function copy(value: unknown, at: readonly string[], known: Map<object, unknown>, leaf?: Leaf): unknown {
    if (at.length > 0 && value !== undefined && isHidden(at)) return HIDDEN
    if (typeof value !== 'object' || value === null) return leaf ? leaf(value) : value
    const before = known.get(value)
    if (before !== undefined) return before
    const inner = (part: unknown, key: string): unknown => copy(part, [...at, key], known, leaf)
    if (Array.isArray(value))
      return fill(
        known,
        value,
        [] as unknown[],
        (list) => void list.push(...value.map((each, i) => inner(each, String(i)))),
      )
    if (value instanceof Map)
      return fill(known, value, new Map<unknown, unknown>(), (map) => {
        for (const [key, each] of value) map.set(key, inner(each, String(key)))
      })
    if (value instanceof Set)
      return fill(known, value, new Set<unknown>(), (set) =>
        [...(value as ReadonlySet<unknown>)].forEach((each, i) => set.add(inner(each, String(i)))),
      )
    if (isError(value)) return fill(known, value, errorLike(value, inner), () => {})
    if (!isPlain(value)) return value
    return fill(known, value, {}, (object) => {
      // Defined, because to assign a "__proto__" is another thing.
      for (const [key, each] of Object.entries(value))
        Object.defineProperty(object, key, {
          value: inner(each, key),
          configurable: true,
          enumerable: true,
          writable: true,
        })
    })
  }

  function secretsOf(
    value: unknown,
    at: readonly string[],
    hidden: boolean,
    found: Set<string>,
    met: Set<object>,
  ): void {
    const inside = hidden || (at.length > 0 && isHidden(at))
    if (inside && (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'))
      found.add(String(value))
    if (typeof value !== 'object' || value === null || met.has(value)) return
    met.add(value)
    const parts =
      value instanceof Map
        ? [...(value as ReadonlyMap<unknown, unknown>)].map(([key, each]) => [String(key), each] as const)
        : Object.entries(value)
    for (const [key, part] of parts) secretsOf(part, [...at, key], inside, found, met)
  }

  return {
    paths,
    clean: (value) => copy(value, [], new Map()),
    scrub: (text, whole) => scrubber(whole)(text),
    veil(value, whole) {
      const scrub = scrubber(whole)
      return copy(value, [], new Map(), (leaf) => (typeof leaf === 'string' ? scrub(leaf) : leaf))
    },
  }

  function scrubber(whole: unknown): (text: string) => string {
    const found = new Set<string>()
    secretsOf(whole, [], false, found, new Set())
    const secrets = [...found].filter(({ length }) => length >= SHORTEST).toSorted((a, b) => b.length - a.length)
    const forms = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    return (text) => forms.reduce((rest, form) => rest.replaceAll(form, HIDDEN), text)
  }
}

type Leaf = (value: unknown) => unknown

function checked(paths: unknown): readonly string[] {
  const isPath = (path: unknown): path is string =>
    typeof path === 'string' && /^[^.]+(\.[^.]+)*$/.test(path) && path.length <= 500
  if (Array.isArray(paths) && paths.length <= 1000 && paths.every(isPath)) return paths
  throw new RedriveError(
    'E_INVALID_OPTION',
    `redact must be a list of paths such as "password", "card.number" or "items.*.token"; got ${show(Array.isArray(paths) ? (paths.find((path) => !isPath(path)) as unknown) : paths)}.`,
    { path: 'redact' },
  )
}

const endsWith = (at: readonly string[], pattern: readonly string[]): boolean =>
  at.length >= pattern.length && pattern.every((part, i) => part === '*' || part === at[at.length - pattern.length + i])

/** Noted before it is filled: what contains itself is copied as what contains itself. */
function fill<T>(known: Map<object, unknown>, original: object, copy: T, into: (copy: T) => unknown): T {
  known.set(original, copy)
  into(copy)
  return copy
}

function errorLike(error: Error, inner: (part: unknown, key: string) => unknown): Error {
  const copy = new Error(error.message, error.cause === undefined ? undefined : { cause: inner(error.cause, 'cause') })
  Object.defineProperty(copy, 'name', { value: error.name, configurable: true, writable: true })
  Object.defineProperty(copy, 'stack', { value: error.stack, configurable: true, writable: true })
  return Object.assign(copy, Object.fromEntries(Object.entries(error).map(([key, part]) => [key, inner(part, key)])))
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.prototype.toString.call(value) === '[object Object]'
}

function thawed(error: Error): Error {
  const copy = errorLike(error, (part) => part)
  Object.defineProperty(copy, 'name', { value: nameOf(error), configurable: true, writable: true })
  return copy
}

/**
 * Takes out of an error that somebody threw what it quotes of `whole`: its texts are stored, published, journalled and shown. The error
 * itself is changed, because a copy of one of an unknown class would be another error.
 */
export function scrubError(thrown: unknown, redaction: Redaction, whole: unknown, met = new Set<unknown>()): unknown {
  if (!isError(thrown)) return redaction.veil(thrown, whole)
  // What cannot be changed is told by a copy under its name.
  const error = Object.isFrozen(thrown) ? thawed(thrown) : thrown
  met.add(error)
  // A field of its own may be one of those that are hidden by their names.
  const veiled = (key: string, value: unknown): unknown =>
    ['message', 'stack', 'cause'].includes(key)
      ? redaction.veil(value, whole)
      : (redaction.veil({ [key]: value }, whole) as Record<string, unknown>)[key]
  for (const key of new Set(['message', 'stack', 'cause', ...Object.keys(error)])) {
    const value: unknown = read(error, key)
    const told = key === 'cause' && isError(value) ? value : veiled(key, value)
    if (key === 'cause' && isError(value) && !met.has(value)) scrubError(value, redaction, whole, met)
    const enumerable = Object.keys(error).includes(key)
    if (told !== value)
      Reflect.defineProperty(error, key, { value: told, configurable: true, writable: true, enumerable })
  }
  return error
}
