import type { AnyStateMachine } from 'xstate'

/** Turns a value of a message into what may be shown of it, as JSON can say it; `path` begins with `input`, `context`, `output`, `error` or `event`. */
export type Show = (value: unknown, ...path: string[]) => unknown

/** Keys under which code stands for something that has a name. */
const NAMED = new Set(['actions', 'entry', 'exit', 'guard', 'src'])

/**
 * A machine's configuration as JSON that `createMachine` takes: code becomes its name where a name can stand for it, and is left out
 * where it computes (an input, an output, a context).
 */
export function definitionOf({ config, id }: AnyStateMachine, show: Show): string {
  const { context, ...rest } = config as Readonly<Record<string, unknown>>
  const shown = typeof context === 'object' ? { context: show(context, 'context') } : {}
  return JSON.stringify({ ...(plain(rest, '', []) as object), id, ...shown })
}

function plain(value: unknown, key: string, above: readonly object[]): unknown {
  if (typeof value === 'function') return NAMED.has(key) ? nameOf(value) : undefined
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return value.toJSON()
  if (isLogic(value)) return 'inline'
  if (above.includes(value)) return undefined
  const within = [...above, value]
  if (Array.isArray(value)) return value.map((each) => plain(each, key, within) ?? null)
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => {
      const said = plain(each, name, within)
      return said === undefined ? [] : [[name, said]]
    }),
  )
}

/** `xstate.assign` and its like have a type; a function of the user has a name, or none. */
function nameOf(code: object): string {
  if ('type' in code && typeof code.type === 'string') return code.type
  return 'name' in code && typeof code.name === 'string' && code.name !== '' ? code.name : 'inline'
}

/** Logic of an actor, a whole machine among it. */
const isLogic = (value: object): boolean => 'transition' in value && typeof value.transition === 'function'
