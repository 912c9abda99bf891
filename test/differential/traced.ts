import { StateMachine, type AnyStateMachine } from 'xstate'

/** One call of a machine's own code. */
export interface Call {
  readonly code: string
  readonly args: readonly unknown[]
}

/** A machine whose code writes down each call of it, and what it was given. */
export interface Traced {
  readonly machine: AnyStateMachine
  /** Calls since the last time. */
  calls(): Call[]
}

export function traced({ config, implementations }: AnyStateMachine): Traced {
  const calls: Call[] = []
  const { guards, actions, delays, actors } = implementations
  const watch = (value: unknown, place: string): unknown => watched(value, place, (call) => void calls.push(call))
  const code = { actors, ...(watch({ guards, actions, delays }, 'implemented') as object) }
  const machine = new StateMachine(watch(config, 'config') as never, code as never) as AnyStateMachine
  return { machine, calls: () => calls.splice(0) }
}

/** A copy in which every function tells of its calls. Actors and schemas stay as they are. */
function watched(value: unknown, place: string, tell: (call: Call) => void): unknown {
  if (Array.isArray(value)) return value.map((each, i) => watched(each, `${place}/${i}`, tell))
  if (typeof value === 'function') return watchedCode(value as Code, place, tell)
  if (!isPlain(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      UNTOUCHED.has(key) ? each : watched(each, `${place}/${key}`, tell),
    ]),
  )
}

const UNTOUCHED: ReadonlySet<string> = new Set(['src', 'schemas', 'types', 'meta', 'actors'])

type Code = ((...args: unknown[]) => unknown) & Readonly<Record<string, unknown>>

function watchedCode(code: Code, place: string, tell: (call: Call) => void): unknown {
  const isMade = 'resolve' in code || 'check' in code
  const copy = (...args: unknown[]): unknown => {
    tell({ code: place, args: args.map(seen) })
    return code(...args)
  }
  const parts = Object.entries(code).map(([key, each]) => [
    key,
    isMade && MADE_OF.has(key) ? watched(each, `${place}/${key}`, tell) : each,
  ])
  return Object.defineProperty(Object.assign(copy, Object.fromEntries(parts)), 'name', { value: code.name })
}

/** What actions and guards of XState's making hold of the user's code. */
const MADE_OF: ReadonlySet<string> = new Set(['assignment', 'event', 'delay', 'sendId', 'value', 'collect', 'guards'])

/** Arguments as they are, with their names in order; of a function its presence is enough, and of `self` its id. */
function seen(arg: unknown): unknown {
  if (!isPlain(arg)) return arg
  return Object.entries(arg).map(([name, value]) => [name, isOwn(name) ? ownOf(value) : value])
}

const isOwn = (name: string): boolean => ['self', 'system', 'spawn', 'enqueue', 'check'].includes(name)
const ownOf = (value: unknown): unknown => (typeof value === 'object' ? { ref: value, id: idOf(value) } : typeof value)
const idOf = (value: unknown): unknown => (value as { readonly id?: unknown } | null)?.id

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
