import type { AnyStateNode } from '../../engine/nodes.ts'
import { stateName } from '../../engine/state-name.ts'
import { pathTo } from './route.ts'
import { valueOf, type PlanState, type StateBook } from './state.ts'
import type { PlannedTransition } from './transition.ts'

/** A step that is left to XState: slower, with the same result. */
export interface UnfitStep {
  /** Name of the state, or of the outer one for all that are below it; `*` for all states. */
  readonly state: string
  /** The event as the machine writes it, `init` for the first step, `always` for transitions without an event; `*` for all. */
  readonly event: string
  readonly reason: string
}

/** Every step that can be told to be unfit without taking it. What code asks for in a step is known only then. */
export function listUnfit(book: StateBook, start: { readonly refused: string | undefined }): UnfitStep[] {
  const first = start.refused === undefined ? [] : [{ state: '*', event: 'init', reason: start.refused }]
  const found = [...first, ...unfitBelow(book, book.machine.root)]
  const keys = found.map(({ state, event, reason }) => JSON.stringify([state, event, reason]))
  return found.filter((_, i) => keys.indexOf(keys[i]!) === i)
}

function unfitBelow(book: StateBook, node: AnyStateNode): UnfitStep[] {
  const children = Object.values(node.states as Record<string, AnyStateNode>)
  if (node.type === 'compound') return children.flatMap((child) => unfitBelow(book, child))
  if (node.type === 'history' || isEnd(node)) return []
  const state = book.at(node)
  if (state.refused !== undefined) return [{ state: nameOf(node), event: '*', reason: state.refused }]
  return unfitIn(state)
}

/** A final state of the machine itself, from which no step leads. */
const isEnd = ({ type, parent }: AnyStateNode): boolean => type === 'final' && parent?.parent === undefined

const nameOf = (node: AnyStateNode): string => stateName(valueOf(pathTo(node)))

function unfitIn(state: PlanState): UnfitStep[] {
  const events = new Set(state.nodes.flatMap(({ transitions }) => [...transitions.keys()]))
  return [
    ...[...events].flatMap((event) => unfitAmong(state, event, state.taken(event))),
    ...unfitAmong(state, 'always', state.always()),
  ]
}

const unfitAmong = ({ name }: PlanState, event: string, transitions: readonly PlannedTransition[]): UnfitStep[] =>
  transitions.flatMap(({ refused }) => (refused ? [{ state: name, event, reason: refused.refused }] : []))
