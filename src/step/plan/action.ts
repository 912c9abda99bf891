import {
  assign,
  cancel,
  emit,
  enqueueActions,
  log,
  raise,
  sendParent,
  sendTo,
  spawnChild,
  stopChild,
  type AnyMachineSnapshot,
  type AnyStateMachine,
} from 'xstate'
import { toEffect, type Effect } from '../../engine/effects.ts'
import type { EventData } from '../../message.ts'
import { compileGuard } from './guard.ts'
import { Unfit, type Op, type Run } from './run.ts'

/** Where an action stands: its machine, and the state at rest from which its transition leads; none for the first step. */
export interface Site {
  readonly machine: AnyStateMachine
  readonly at: AnyMachineSnapshot | undefined
}

type Expression = (args: object, params: unknown) => unknown

/** Parameters of an action, worked out when it is its turn. */
type Params = (run: Run) => unknown

/** An action of XState's own making carries what it was made of. */
type Made = Readonly<Record<string, unknown>>

type Compiler = (made: Made, params: Params, site: Site) => Op

const codeOf = (action: object): unknown => (action as { readonly resolve?: unknown }).resolve

/** XState's own actions, known by their code and not by their name: another copy's may do something else. */
const COMPILERS: ReadonlyMap<unknown, Compiler> = new Map<unknown, Compiler>([
  [codeOf(assign({})), compileAssign],
  [codeOf(raise({ type: '' })), compileRaise],
  [codeOf(cancel('')), compileCancel],
  [codeOf(emit({ type: '' })), compileEmit],
  [codeOf(log()), compileLog],
  [codeOf(enqueueActions(() => {})), compileChoice],
])

/** @throws Unfit */
export function compileAction(site: Site, action: unknown): Op {
  if (typeof action === 'function') return compileCode(site, action.name || '(anonymous)', action, NO_PARAMS)
  const { type, ...rest } = typeof action === 'string' ? { type: action } : (action as { readonly type: string })
  const code: unknown = site.machine.implementations.actions[type]
  return compileCode(site, type, code, 'params' in rest ? paramsOf(rest.params) : NO_PARAMS)
}

const NO_PARAMS: Params = () => undefined

function paramsOf(params: unknown): Params {
  if (typeof params !== 'function') return () => params
  const expression = params as (args: object) => unknown
  return ({ given, event }) => expression({ context: given, event })
}

function compileCode(site: Site, type: string, code: unknown, params: Params): Op {
  if (code !== undefined && typeof code !== 'function') throw new Unfit(`its action "${type}" is no function`)
  if (code && 'resolve' in code) {
    const compiler = COMPILERS.get(code.resolve)
    const made = code as unknown as Made
    if (!compiler) throw new Unfit(`it uses ${nameOf(made)}`)
    return compiler(made, params, site)
  }
  // Code of the user: an effect, to be run once the step is committed.
  return (run) => {
    const info = run.args() as { readonly self: unknown }
    run.effects.push(toEffect({ type, params: params(run), info, exec: code })!)
  }
}

const nameOf = ({ type }: Made): string =>
  typeof type === 'string' && type.startsWith('xstate.')
    ? `${type.slice('xstate.'.length)}()`
    : 'an action of another library'

function compileAssign({ assignment }: Made, params: Params): Op {
  if (typeof assignment === 'function') {
    const compute = assignment as Expression
    return (run) => {
      const given = params(run)
      run.assign(compute(run.assignArgs(), given))
    }
  }
  const members = Object.entries(assignment as Readonly<Record<string, unknown>>)
  return (run) => {
    const given = params(run)
    const args = run.assignArgs()
    const update: Record<string, unknown> = {}
    for (const [key, value] of members)
      update[key] = typeof value === 'function' ? (value as Expression)(args, given) : value
    run.assign(update)
  }
}

/** A timer where there is a delay in milliseconds, and an event for the next microstep where there is none. */
function compileRaise({ event, id, delay }: Made, params: Params, { machine }: Site): Op {
  if (typeof event === 'string') throw new Unfit('it raises a text, which is no event')
  const timer = typeof id === 'string' ? id : undefined
  const wait: unknown = typeof delay === 'string' ? machine.implementations.delays[delay] : delay
  if (typeof event !== 'function' && typeof wait === 'number') {
    const effect: Effect = { type: 'timer.set', id: timer, event: event as EventData, delay: wait }
    return ({ effects }) => void effects.push(effect)
  }
  return (run) => {
    const given = params(run)
    const args = run.args()
    const raised = (typeof event === 'function' ? (event as Expression)(args, given) : event) as EventData
    const ms = typeof wait === 'function' ? (wait as Expression)(args, given) : wait
    if (typeof ms === 'number') run.effects.push({ type: 'timer.set', id: timer, event: raised, delay: ms })
    else run.raise(raised)
  }
}

function compileCancel({ sendId }: Made, params: Params): Op {
  if (typeof sendId !== 'function') {
    const effect: Effect = { type: 'timer.cancel', id: String(sendId) }
    return ({ effects }) => void effects.push(effect)
  }
  return (run) => {
    const given = params(run)
    run.effects.push({ type: 'timer.cancel', id: String((sendId as Expression)(run.args(), given)) })
  }
}

function compileEmit({ event }: Made, params: Params): Op {
  return (run) => {
    const given = params(run)
    const emitted = typeof event === 'function' ? (event as Expression)(run.args(), given) : event
    run.effects.push({ type: 'emit', event: emitted as EventData })
  }
}

function compileLog({ value, label }: Made, params: Params): Op {
  return (run) => {
    const given = params(run)
    const logged = typeof value === 'function' ? (value as Expression)(run.args(), given) : value
    run.effects.push(toEffect({ type: 'xstate.log', params: { value: logged, label } })!)
  }
}

/** Actions that code chooses in the step are compiled in the step. */
function compileChoice({ collect }: Made, params: Params, site: Site): Op {
  return (run) => {
    const resolved = params(run)
    const chosen: unknown[] = []
    const check = (guard: unknown): unknown => {
      try {
        return compileGuard(site.machine, guard, site.at)(run.given, run.event)
      } catch (cause) {
        if (cause instanceof Unfit) run.spoil(cause)
        throw cause
      }
    }
    const { given: context, event, self, system } = run
    ;(collect as Expression)({ context, event, enqueue: createEnqueue(chosen), check, self, system }, resolved)
    for (const action of chosen) compileAction(site, action)(run)
  }
}

const MAKERS = { assign, cancel, raise, sendTo, sendParent, spawnChild, stopChild, emit } as unknown as Readonly<
  Record<string, (...args: unknown[]) => unknown>
>

function createEnqueue(chosen: unknown[]): unknown {
  const enqueue = (action: unknown): void => void chosen.push(action)
  const makers = Object.entries(MAKERS).map(([name, make]) => [
    name,
    (...args: unknown[]) => void chosen.push(make(...args)),
  ])
  return Object.assign(enqueue, Object.fromEntries(makers) as object)
}
