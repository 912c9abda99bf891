import type { AnyStateNode, transitionsOf } from '../../engine/nodes.ts'
import { Unfit } from './run.ts'

export type Transition = ReturnType<typeof transitionsOf>[number]

/** Where a transition leads, in a machine that is in one state at a time. */
export interface Route {
  /** The states that it leaves, inner ones first. */
  readonly exited: readonly AnyStateNode[]
  /** The states that it enters, outer ones first. */
  readonly entered: readonly AnyStateNode[]
  /** Those entered as a target or as a first state: the actions of their own first transition run too. */
  readonly begun: ReadonlySet<AnyStateNode>
  /** The innermost state after it. */
  readonly leaf: AnyStateNode
}

/** From the root down to a state. */
export const pathTo = (node: AnyStateNode): AnyStateNode[] => (node.parent ? [...pathTo(node.parent), node] : [node])

/**
 * The rules of SCXML as XState has them, for a transition that has one target and no parallel states on its way.
 * @param path the states it is in, outer ones first.
 * @throws Unfit
 */
export function routeOf(path: readonly AnyStateNode[], { target, source, reenter }: Transition): Route {
  const [goal, ...others] = target ?? []
  if (!goal) return { exited: [], entered: [], begun: new Set(), leaf: path.at(-1)! }
  if (others.length > 0) throw new Unfit('it has several targets')
  const domain = domainOf(goal, source, reenter)
  const entered = new Set<AnyStateNode>()
  const begun = new Set<AnyStateNode>()
  // A transition of a state to itself leaves and enters only what is below, unless it says `reenter`.
  if (goal !== source || goal !== domain) {
    for (const outer of ancestorsBelow(goal, domain)) entered.add(outer)
    entered.add(goal)
    begun.add(goal)
  }
  for (const first of firstStates(goal)) {
    entered.add(first)
    begun.add(first)
  }
  const exited = path.filter((node) => isWithin(node, domain)).toReversed()
  const rest = new Set([...path.filter((node) => !exited.includes(node)), ...entered])
  const leaf = [...rest].reduce((inner, node) => (node.order > inner.order ? node : inner))
  checkPath(leaf, rest)
  return { exited, entered: [...entered].toSorted((a, b) => a.order - b.order), begun, leaf }
}

/** The first step: every state down to the first leaf is entered as one that begins. */
export function firstRoute(root: AnyStateNode): Route {
  const entered = [root, ...firstStates(root)]
  checkPath(entered.at(-1)!, new Set(entered))
  return { exited: [], entered, begun: new Set(entered), leaf: entered.at(-1)! }
}

/** The first states below a compound one, down to a leaf. */
function firstStates(node: AnyStateNode): AnyStateNode[] {
  if (node.type === 'history') throw new Unfit(`it leads to the history state "${node.id}"`)
  if (node.type === 'parallel') throw new Unfit(`it leads to "${node.id}", whose regions run in parallel`)
  if (node.type !== 'compound') return []
  const first = node.initial.target[0] as AnyStateNode
  return [first, ...firstStates(first)]
}

/** The state within which all of a transition happens; `undefined` for one that leaves the root itself. */
function domainOf(goal: AnyStateNode, source: AnyStateNode, reenter: boolean): AnyStateNode | undefined {
  if (!reenter && (goal === source || isWithin(goal, source))) return source
  const common = ancestorsBelow(goal, undefined).find((node) => isWithin(source, node))
  if (common || reenter) return common
  return source.machine.root
}

/** The states around one, inner ones first, as far as a border that is not among them. */
function ancestorsBelow({ parent }: AnyStateNode, border: AnyStateNode | undefined): AnyStateNode[] {
  return !parent || parent === border ? [] : [parent, ...ancestorsBelow(parent, border)]
}

/** Whether a state is below another; everything is below none. */
function isWithin({ parent }: AnyStateNode, outer: AnyStateNode | undefined): boolean {
  if (parent === outer) return true
  return parent !== undefined && isWithin(parent, outer)
}

function checkPath(leaf: AnyStateNode, nodes: ReadonlySet<AnyStateNode>): void {
  const path = pathTo(leaf)
  const parallel = [...nodes].find(({ type }) => type === 'parallel')
  if (parallel) throw new Unfit(`it leads to "${parallel.id}", whose regions run in parallel`)
  if (path.length !== nodes.size || !path.every((node) => nodes.has(node)))
    throw new Unfit('it leads into several states at once')
}
