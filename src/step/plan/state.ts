import type { AnyMachineSnapshot, AnyStateMachine, StateValue } from 'xstate'
import { actorLogic } from '../../engine/logic.ts'
import type { AnyStateNode } from '../../engine/nodes.ts'
import type { DurableMachine } from '../../engine/registry.ts'
import { stateName } from '../../engine/state-name.ts'
import { pathTo, type Transition } from './route.ts'
import { Unfit } from './run.ts'
import { compileTransition, type PlannedTransition } from './transition.ts'

/** A state at rest, with what can be taken in it. */
export interface PlanState {
  /** As `stateName` has it: it names the sorted set of the state. */
  readonly name: string
  /** The states it is in, outer ones first. */
  readonly nodes: readonly AnyStateNode[]
  /** A snapshot at rest here, without context and children. */
  readonly template: AnyMachineSnapshot
  readonly tags: readonly string[]
  /** The actors that run here, in the order in which XState stops them. */
  readonly invoked: ReadonlyMap<string, string>
  readonly refused: undefined
  /** What an event of this type may take, in the order in which it is asked; the first whose guard says yes is taken. */
  taken(type: string): readonly PlannedTransition[]
  /** Transitions without an event, in the same order. */
  always(): readonly PlannedTransition[]
}

/** The states of a machine, each made when it is asked for first. */
export interface StateBook {
  readonly machine: AnyStateMachine
  /** The state whose innermost node this is, or why XState takes every step from there. */
  at(leaf: AnyStateNode): PlanState | Unfit
}

/** A wildcard takes any number of types; so many are remembered for each state. */
const MOST_TYPES = 200

export function createStateBook({ machine, template }: Pick<DurableMachine, 'machine' | 'template'>): StateBook {
  const states = new Map<AnyStateNode, PlanState | Unfit>()
  const book: StateBook = {
    machine,
    at(leaf) {
      let state = states.get(leaf)
      if (!state) states.set(leaf, (state = createState(book, leaf, template)))
      return state
    },
  }
  return book
}

function createState(book: StateBook, leaf: AnyStateNode, templateOf: DurableMachine['template']): PlanState | Unfit {
  const nodes = pathTo(leaf)
  const reason = reasonAgainst(book.machine, nodes)
  if (reason !== undefined) return new Unfit(reason)
  const name = stateName(valueOf(nodes))
  const template = templateOf(name)
  const compiled = new Map<Transition, PlannedTransition>()
  const byType = new Map<string, readonly PlannedTransition[]>()
  let eventless: readonly PlannedTransition[] | undefined
  const compile = (transition: Transition): PlannedTransition => {
    let planned = compiled.get(transition)
    if (!planned) compiled.set(transition, (planned = compileTransition(book, state, transition)))
    return planned
  }
  const innerFirst = nodes.toReversed()
  const state: PlanState = {
    name,
    nodes,
    template,
    tags: [...template.tags],
    invoked: invokedIn(nodes),
    refused: undefined,
    taken(type) {
      const known = byType.get(type)
      if (known) return known
      const found = innerFirst.flatMap((node) => candidatesOf(node, type)).map(compile)
      if (byType.size < MOST_TYPES) byType.set(type, found)
      return found
    },
    always: () => (eventless ??= innerFirst.flatMap(({ always }) => always ?? []).map(compile)),
  }
  return state
}

/** The value of a state by its path, as XState writes it. */
export function valueOf(nodes: readonly AnyStateNode[]): StateValue {
  const keys = nodes.slice(1).map(({ key }) => key)
  const inner = keys.pop()
  if (inner === undefined) return {}
  return keys.reduceRight<StateValue>((value, key) => ({ [key]: value }), inner)
}

function reasonAgainst(machine: AnyStateMachine, nodes: readonly AnyStateNode[]): string | undefined {
  const parallel = nodes.find(({ type }) => type === 'parallel')
  if (parallel) return `the regions of "${parallel.id}" run in parallel`
  // XState takes such a key for the id of a state.
  const odd = nodes.find(({ key, parent }) => parent && key.startsWith('#'))
  if (odd) return `the key of "${odd.id}" begins with a #`
  const invokes = nodes.flatMap(({ invoke }) => invoke)
  if (invokedIn(nodes).size < invokes.length) return 'two of its states invoke under one id'
  const lost = invokes.find(({ src }) => !hasLogic(machine, src as string))
  return lost && `its actor "${lost.id}" is in a state whose id XState cannot find`
}

/** XState finds an inline actor by the id of its state, and takes some ids for paths. */
function hasLogic(machine: AnyStateMachine, src: string): boolean {
  try {
    return actorLogic(machine, src) !== undefined
  } catch {
    return false
  }
}

/** Sources by id. A plain object, for XState has one, puts ids that are whole numbers first. */
const invokedIn = (nodes: readonly AnyStateNode[]): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(
      Object.fromEntries(nodes.flatMap(({ invoke }) => invoke.map(({ id, src }) => [id, src as string] as const))),
    ),
  )

/** What a state has for a type of event: its own transitions first, then those of wildcards, the longer before the shorter. */
function candidatesOf({ transitions }: AnyStateNode, type: string): Transition[] {
  const wild = [...transitions.keys()]
    .filter((descriptor) => descriptor !== type && isMatch(descriptor, type))
    .toSorted((a, b) => b.length - a.length)
  return [type, ...wild].flatMap((descriptor) => transitions.get(descriptor) ?? [])
}

/** As XState has it: a `*` is one at the end only, and `order.*` takes `order` too. */
function isMatch(descriptor: string, type: string): boolean {
  if (descriptor === '*') return true
  if (!descriptor.endsWith('.*') || descriptor.indexOf('*') < descriptor.length - 1) return false
  return `${type}.`.startsWith(descriptor.slice(0, -1))
}
