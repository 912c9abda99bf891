import { and, not, or, stateIn, type AnyMachineSnapshot, type AnyStateMachine } from 'xstate'
import type { EventData } from '../../message.ts'
import { Unfit, type Context } from './run.ts'

/** A guard, compiled. XState takes any true value for yes. */
export type Test = (context: Context, event: EventData) => unknown

/** Code of a guard: a function of the user, or one of XState's that refers to others. */
interface GuardCode {
  (args: object, params: unknown): unknown
  readonly check?: (snapshot: AnyMachineSnapshot, args: object, guard: unknown) => boolean
  readonly guards?: readonly unknown[]
}

const checkOf = (guard: unknown): unknown => (guard as GuardCode).check

/** XState's own guards, known by their code and not by their name. */
const AND = checkOf(and([]))
const OR = checkOf(or([]))
const NOT = checkOf(not(() => true))
const STATE_IN = checkOf(stateIn(''))

/** A guard may be implemented by the name of another; nobody goes further than this. */
const DEEPEST = 50

/**
 * @param at the snapshot at rest whose state the machine is in when the guard is asked; `undefined` before its first state.
 * @throws Unfit
 */
export function compileGuard(
  machine: AnyStateMachine,
  guard: unknown,
  at: AnyMachineSnapshot | undefined,
  depth = 0,
): Test {
  if (depth > DEEPEST) throw new Unfit('its guards refer to each other')
  const below = (other: unknown): Test => compileGuard(machine, other, at, depth + 1)
  if (typeof guard === 'function') return compileCode(guard as GuardCode, undefined, below, at)
  const { type, params } = typeof guard === 'string' ? { type: guard, params: undefined } : (guard as Named)
  const code: unknown = machine.implementations.guards[type]
  if (typeof code === 'function') return compileCode(code as GuardCode, params, below, at)
  if (code === undefined) throw new Unfit(`its guard "${type}" is not implemented`)
  return below(code)
}

interface Named {
  readonly type: string
  readonly params?: unknown
}

function compileCode(
  code: GuardCode,
  params: unknown,
  below: (guard: unknown) => Test,
  at: AnyMachineSnapshot | undefined,
): Test {
  if (!('check' in code)) return compileExpression(code, params)
  // XState would compute them for nobody.
  if (typeof params === 'function') throw new Unfit('its guard has parameters that it does not read')
  const { check, guards = [] } = code
  if (check === STATE_IN && at) {
    const isIn = check(at, {}, code)
    return () => isIn
  }
  const tests = guards.map(below)
  if (check === AND) return (context, event) => tests.every((test) => test(context, event))
  if (check === OR) return (context, event) => tests.some((test) => test(context, event))
  if (check === NOT) return (context, event) => !tests[0]!(context, event)
  throw new Unfit(`its guard is one of XState's that the plan does not know`)
}

function compileExpression(code: GuardCode, params: unknown): Test {
  if (typeof params !== 'function') return (context, event) => code({ context, event }, params)
  const expression = params as (args: object) => unknown
  return (context, event) => {
    const resolved = expression({ context, event })
    return code({ context, event }, resolved)
  }
}
