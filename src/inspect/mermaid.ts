import type { AnyStateMachine } from 'xstate'
import { eventLabel } from '../engine/stimulus.ts'

type Node = AnyStateMachine['root']

/**
 * A machine as a Mermaid state diagram, drawn from the machine itself: nested and parallel states, final states, and what leads
 * from one to the other (events, timers by the name of their delay, ends of invocations, guards).
 */
export function toMermaid(machine: AnyStateMachine): string {
  return ['stateDiagram-v2', ...drawChildren(machine.root, machine.id).map((line) => `  ${line}`)].join('\n')
}

function drawChildren(node: Node, machineId: string): string[] {
  const children = Object.values(node.states as Record<string, Node>)
  if (node.type === 'parallel')
    return children.flatMap((child, i) => [...(i > 0 ? ['--'] : []), ...drawState(child, machineId)])
  const initial = node.initial.target.map((target: Node) => `[*] --> ${name(target)}`)
  return [...initial, ...children.flatMap((child) => drawState(child, machineId))]
}

function drawState(node: Node, machineId: string): string[] {
  const inner = node.type === 'compound' || node.type === 'parallel' ? drawChildren(node, machineId) : []
  const box = inner.length > 0 ? [`state ${name(node)} {`, ...inner.map((line) => `  ${line}`), '}'] : []
  const end = node.type === 'final' ? [`${name(node)} --> [*]`] : []
  return [...box, ...drawEdges(node, machineId), ...end]
}

/** Mermaid's names are words; the path makes them unique, and reads like the name of the state's sorted set. */
const name = (node: Node): string => node.path.map((key: string) => key.replace(/\W/g, '_')).join('__')

/** One edge for each target: its events, each with the guards under which it leads there. */
function drawEdges(node: Node, machineId: string): string[] {
  const edges = new Map<string, Map<string, string[]>>()
  const transitions = [...[...node.transitions.values()].flat(), ...(node.always ?? [])]
  for (const transition of transitions) {
    for (const target of (transition.target ?? [node]) as Node[]) {
      const events = edges.get(name(target)) ?? new Map<string, string[]>()
      const event = transition.eventType === '' ? 'always' : eventLabel(machineId, String(transition.eventType))
      events.set(event, [...(events.get(event) ?? []), guardLabel(transition.guard)])
      edges.set(name(target), events)
    }
  }
  return [...edges].map(([target, events]) => `${name(node)} --> ${target}: ${edgeLabel(events)}`)
}

/** Events under the same guards share them: `error handler, after timeLimit [isFatal or isExhausted]`. */
function edgeLabel(events: ReadonlyMap<string, readonly string[]>): string {
  const byGuards = new Map<string, string[]>()
  for (const [event, guards] of events) {
    const condition = guards.includes('') ? '' : ` [${guards.join(' or ')}]`
    byGuards.set(condition, [...(byGuards.get(condition) ?? []), event])
  }
  return [...byGuards].map(([condition, some]) => some.join(', ') + condition).join('; ')
}

function guardLabel(guard: unknown): string {
  if (guard === undefined) return ''
  if (typeof guard === 'string') return guard
  if (typeof guard === 'object' && guard !== null && 'type' in guard) return String(guard.type)
  return 'a condition'
}
