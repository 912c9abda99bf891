import { decode, encode } from '../codec.ts'
import { withPaths } from './actor-references.ts'
import { isStorable } from './storable.ts'

type Context = Readonly<Record<string, unknown>>

/**
 * What was another in a context when an action was asked for, for it is run when the step is over: members with their values of then, and
 * the names of those that have come since. Nothing where it was the same, or cannot be stored: the action gets the later one then.
 * @param settled the context after the step; `undefined` when its actor has ended.
 */
export function pastText(then: unknown, settled: unknown): string {
  if (then === settled || !isContext(then)) return ''
  const now = isContext(settled) ? settled : {}
  const changed = Object.entries(then).filter(([key, value]) => !Object.hasOwn(now, key) || now[key] !== value)
  const added = Object.keys(now).filter((key) => !Object.hasOwn(then, key))
  if (changed.length + added.length === 0 && isContext(settled)) return ''
  const past = [withPaths(Object.fromEntries(changed)), added]
  return isStorable(() => past) ? encode(past, 'context of an action') : ''
}

/** The context as it was then. */
export function pastContext(text: string, settled: unknown): unknown {
  if (text === '') return settled
  const [changed, added] = decode(text) as [Context, readonly string[]]
  const whole = { ...(isContext(settled) ? settled : {}), ...changed }
  return Object.fromEntries(Object.entries(whole).filter(([key]) => !added.includes(key)))
}

const isContext = (value: unknown): value is Context => typeof value === 'object' && value !== null
