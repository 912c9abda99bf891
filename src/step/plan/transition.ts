import type { AnyMachineSnapshot } from 'xstate'
import type { Effect } from '../../engine/effects.ts'
import type { AnyStateNode } from '../../engine/nodes.ts'
import { compileAction, type Site } from './action.ts'
import { compileGuard, type Test } from './guard.ts'
import { firstRoute, routeOf, type Route, type Transition } from './route.ts'
import { Unfit, type Mapper, type Op, type Refusal, type Run } from './run.ts'
import type { PlanState, StateBook } from './state.ts'

/** A transition of a state, compiled. */
export interface PlannedTransition {
  /** Its guard; `undefined` where it has none. */
  readonly test: Test | undefined
  /** All that it does, in order: exits, its own actions, entries, and the end of the machine. */
  readonly ops: readonly Op[]
  readonly to: PlanState
  /** Why it is left to XState. Its guard may be asked all the same. */
  readonly refused: Refusal | undefined
}

export function compileTransition(book: StateBook, from: PlanState, transition: Transition): PlannedTransition {
  const at = from.template
  const guard = transition.guard as unknown
  try {
    const test = guard ? compileGuard(book.machine, guard, at) : undefined
    return { test, ...compileBody(book, from, transition, at) }
  } catch (cause) {
    if (!(cause instanceof Unfit)) throw cause
    // Without its guard: nobody knows whether another transition would be taken after it.
    return { test: undefined, ops: [], to: from, refused: cause }
  }
}

export type Body = Omit<PlannedTransition, 'test'>

function compileBody(book: StateBook, from: PlanState, transition: Transition, at: AnyMachineSnapshot): Body {
  const site = { machine: book.machine, at }
  try {
    const route = routeOf(from.nodes, transition)
    const actions = transition.actions.map((action) => compileAction(site, action))
    return follow(book, site, route, actions)
  } catch (cause) {
    if (!(cause instanceof Unfit)) throw cause
    return { ops: [], to: from, refused: cause }
  }
}

/** The first step of a message, which enters the first states. */
export function compileStart(book: StateBook): (Body & { readonly refused: undefined }) | Unfit {
  try {
    const route = firstRoute(book.machine.root)
    return follow(book, { machine: book.machine, at: undefined }, route, [])
  } catch (cause) {
    if (!(cause instanceof Unfit)) throw cause
    return cause
  }
}

function follow(
  book: StateBook,
  site: Site,
  route: Route,
  actions: readonly Op[],
): Body & { readonly refused: undefined } {
  const to = book.at(route.leaf)
  if (to instanceof Unfit) throw to
  const exits = route.exited.flatMap((node) => compileExit(site, node))
  const entries = route.entered.flatMap((node) => compileEntry(site, node, route))
  const ends = route.entered.at(-1)?.type === 'final' ? compileEnd(site, to) : []
  return { ops: [...exits, ...actions, ...entries, ...ends], to, refused: undefined }
}

function compileExit(site: Site, node: AnyStateNode): Op[] {
  const kept = Object.values(node.states as Record<string, AnyStateNode>).some(({ type }) => type === 'history')
  if (kept) throw new Unfit(`it leaves "${node.id}", which has a history`)
  return [...compileActions(site, node.exit), ...node.invoke.map(({ id }) => compileStop(id))]
}

function compileEntry(site: Site, node: AnyStateNode, { begun }: Route): Op[] {
  return [
    ...compileActions(site, node.entry),
    ...node.invoke.map(({ id, src, input }) => compileInvoke(id, src as string, input)),
    ...(begun.has(node) ? compileActions(site, node.initial.actions) : []),
  ]
}

const compileActions = (site: Site, actions: readonly unknown[]): Op[] =>
  actions.map((action) => compileAction(site, action))

function compileStop(id: string): Op {
  const effect: Effect = { type: 'stop', id }
  return (run) => {
    run.effects.push(effect)
    run.anew = true
  }
}

function compileInvoke(id: string, src: string, input: unknown): Op {
  const key = handedOn(input)
  return (run) => {
    const mapped = typeof input === 'function' ? run.mapInput(input as Mapper, key) : input
    run.effects.push({ type: 'invoke', id, src, input: mapped })
    run.anew = true
  }
}

/** `({ context }) => context.payload`: the text of such a function leaves no doubt about what it does. */
const HANDS_ON = /^\(\s*\{\s*context\s*(?::\s*(?<alias>[\w$]+)\s*)?,?\s*\}\s*\)\s*=>\s*(?<from>[\w$]+)\.(?<key>[\w$]+)$/

function handedOn(mapper: unknown): string | undefined {
  if (typeof mapper !== 'function') return undefined
  const { alias = 'context', from, key } = HANDS_ON.exec(Function.prototype.toString.call(mapper))?.groups ?? {}
  return alias === from ? key : undefined
}

/** A final state ends the state around it, and where that is the root, the machine. */
function compileEnd(site: Site, { nodes, invoked }: PlanState): Op[] {
  const [outer, leaf] = nodes.slice(-2) as [AnyStateNode, AnyStateNode | undefined]
  if (outer.type !== 'compound' || !leaf) throw new Unfit('its final state is within one that has no first state')
  const tell: Op = (run) => run.raise({ type: `xstate.done.state.${outer.id}`, output: outputOf(run, leaf) })
  if (outer.parent) return [tell]
  const stops = [...invoked.keys()].map(compileStop)
  return [
    tell,
    (run) => finish(run, outer, leaf),
    ...nodes.toReversed().flatMap((node) => compileActions(site, node.exit)),
    ...stops,
  ]
}

const outputOf = (run: Run, { output }: AnyStateNode, event = run.event): unknown =>
  typeof output === 'function' ? (output as Mapper)(run.mapperArgs(event)) : output

/** XState computes the output of the final state once more for that of the machine. */
function finish(run: Run, root: AnyStateNode, leaf: AnyStateNode): void {
  run.status = 'done'
  run.anew = true
  if (root.output === undefined) return
  run.output = outputOf(run, root, { type: `xstate.done.state.${leaf.id}`, output: outputOf(run, leaf) })
}
