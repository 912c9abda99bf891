import type { AnyStateMachine, StateValue } from 'xstate'
import { stateName } from '../../engine/state-name.ts'
import { eventLabel } from '../../engine/stimulus.ts'

type Node = AnyStateMachine['root']

/** A machine as plain data: what a picture of it needs, and JSON can say. */
export interface Chart {
  /** The machine itself, with its states below it. */
  readonly root: ChartState
  /** In document order. */
  readonly edges: readonly ChartEdge[]
}

export interface ChartState {
  /** As messages store it: the path, escaped and joined by dots; empty for the machine itself. */
  readonly id: string
  readonly path: readonly string[]
  readonly name: string
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  readonly tags: readonly string[]
  /** Actors that run while a message is in this state. */
  readonly invokes: readonly { readonly id: string; readonly src: string }[]
  /** Where it begins: ids of states; none unless it is compound. */
  readonly initial: readonly string[]
  readonly states: readonly ChartState[]
}

/** All that leads from one state to another, or back to the same one. */
export interface ChartEdge {
  readonly from: string
  readonly to: string
  readonly triggers: readonly ChartTrigger[]
  /** The triggers as one text: `error handler, after timeLimit [isFatal or isExhausted]`. */
  readonly label: string
}

/** Events that lead there under the same guards; no guards means always. */
export interface ChartTrigger {
  readonly events: readonly string[]
  readonly guards: readonly string[]
}

export function toChart(machine: AnyStateMachine): Chart {
  return { root: stateOf(machine.root), edges: edgesBelow(machine.root, machine.id) }
}

function stateOf(node: Node): ChartState {
  const { path, key, type, tags, invoke } = node
  const children = Object.values(node.states as Record<string, Node>)
  return {
    id: idOf(node),
    path,
    name: key,
    kind: type,
    tags: [...(tags as readonly string[])],
    invokes: invoke.map(({ id, src }) => ({ id, src: src as string })),
    initial: type === 'compound' ? node.initial.target.map(idOf) : [],
    states: children.map(stateOf),
  }
}

function idOf({ path }: Node): string {
  if (path.length === 0) return ''
  return stateName(path.reduceRight<StateValue>((below, key) => ({ [key]: below }), {}))
}

function edgesBelow(node: Node, machineId: string): ChartEdge[] {
  const children = Object.values(node.states as Record<string, Node>)
  return [...edgesOf(node, machineId), ...children.flatMap((child) => edgesBelow(child, machineId))]
}

/** One edge for each target: its events, each with the guards under which it leads there. */
function edgesOf(node: Node, machineId: string): ChartEdge[] {
  const byTarget = new Map<string, Map<string, string[]>>()
  const transitions = [...[...node.transitions.values()].flat(), ...(node.always ?? [])]
  for (const transition of transitions) {
    const event = transition.eventType === '' ? 'always' : eventLabel(machineId, String(transition.eventType))
    for (const target of (transition.target ?? [node]) as Node[]) {
      const events = byTarget.get(idOf(target)) ?? new Map<string, string[]>()
      events.set(event, [...(events.get(event) ?? []), guardLabel(transition.guard)])
      byTarget.set(idOf(target), events)
    }
  }
  return [...byTarget].map(([to, events]) => {
    const triggers = triggersOf(events)
    return { from: idOf(node), to, triggers, label: triggers.map(triggerText).join('; ') }
  })
}

/** Events under the same guards share them. One that leads there without any needs no other. */
function triggersOf(events: ReadonlyMap<string, readonly string[]>): ChartTrigger[] {
  const byGuards = new Map<string, { events: string[]; guards: readonly string[] }>()
  for (const [event, labels] of events) {
    const guards = labels.includes('') ? [] : labels
    const trigger = byGuards.get(guards.join('\n')) ?? { events: [], guards }
    trigger.events.push(event)
    byGuards.set(guards.join('\n'), trigger)
  }
  return [...byGuards.values()]
}

const triggerText = ({ events, guards }: ChartTrigger): string =>
  events.join(', ') + (guards.length === 0 ? '' : ` [${guards.join(' or ')}]`)

function guardLabel(guard: unknown): string {
  if (guard === undefined) return ''
  if (typeof guard === 'string') return guard
  if (typeof guard === 'object' && guard !== null && 'type' in guard) return String(guard.type)
  return 'a condition'
}
