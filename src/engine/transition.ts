import {
  createEmptyActor,
  type AnyActorRef,
  type AnyActorScope,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  type StateValue,
} from 'xstate'
import type { EventData } from '../message.ts'
import type { DurableMachine } from './registry.ts'
import { toEffect, type Effect, type ExecutableAction } from './effects.ts'

/** The result of one macrostep. */
export interface Step {
  readonly snapshot: AnyMachineSnapshot
  readonly effects: readonly Effect[]
  /** `false` when the event was ignored, or taken by a transition that does nothing at all. */
  readonly changed: boolean
}

/** Takes a macrostep as `step` does, by XState or by something that comes to the same. */
export type TakeStep = (machine: DurableMachine, snapshot: AnyMachineSnapshot, event: EventData, id?: string) => Step

/** The same for the first one. */
export type TakeFirstStep = (machine: DurableMachine, input: unknown, id?: string) => Step

/**
 * One pure macrostep: `(snapshot, event) → (snapshot, effects)`. XState decides, nothing is executed.
 *
 * Not by XState's own `transition()`: that makes an actor, and runs the context factory again, at each call (85 µs for the three
 * steps of a message). One scope that only collects gives the same results in a quarter of the time; the differential test
 * holds the two together.
 * @param id what the machine finds as `self.id`
 */
export function step(machine: AnyStateMachine, snapshot: AnyMachineSnapshot, event: EventData, id?: string): Step {
  const result = collect(() => machine.transition(snapshot, event, scope) as AnyMachineSnapshot, id)
  // A transition that only asks for something (a timer, an emit, an action) leaves the very snapshot that was there.
  return { ...result, changed: result.snapshot !== snapshot || result.effects.length > 0 }
}

/** The first macrostep, from the machine's input. A context factory or an entry action that throws is thrown on. */
export function initialStep(machine: AnyStateMachine, input: unknown, id?: string): Step {
  const result = collect(() => machine.getInitialSnapshot(scope, input) as AnyMachineSnapshot, id)
  if (result.snapshot.status === 'error') throw result.snapshot.error
  return { ...result, changed: true }
}

/**
 * A snapshot whose states stand in the order of the document. XState keeps the order in which they were entered or, once restored, of
 * their depth, and looks for transitions without an event in that order. So parallel regions that contend for one could tell whether
 * their message was stored meanwhile, and one state could have two names; in this order they cannot.
 */
export function inDocumentOrder(snapshot: AnyMachineSnapshot): AnyMachineSnapshot {
  // oxlint-disable-next-line no-underscore-dangle -- XState has no public name for them
  const nodes = snapshot._nodes
  if (nodes.every((node, i) => i === 0 || nodes[i - 1]!.order < node.order)) return snapshot
  const ordered = nodes.toSorted((a, b) => a.order - b.order)
  const tags = new Set(ordered.flatMap((node) => node.tags))
  const value = sortRegions(snapshot.value as StateValue, snapshot.machine.root)
  return { ...snapshot, value, _nodes: ordered, tags } as AnyMachineSnapshot
}

/** Whether a snapshot is in the states of another and in no more, both in the order of the document. */
export function restsIn(snapshot: AnyMachineSnapshot, other: AnyMachineSnapshot): boolean {
  // oxlint-disable-next-line no-underscore-dangle -- XState has no public name for them
  const [nodes, others] = [snapshot._nodes, other._nodes]
  return nodes.length === others.length && nodes.every((node, i) => node === others[i])
}

function sortRegions(value: StateValue, { states }: AnyStateNode): StateValue {
  if (typeof value === 'string') return value
  const regions = Object.entries(states as Record<string, AnyStateNode>).filter(([key]) => Object.hasOwn(value, key))
  return Object.fromEntries(regions.map(([key, node]) => [key, sortRegions(value[key]!, node)]))
}

const collected: ExecutableAction[] = []

/** The one reusable scope: a step is synchronous, so it is never shared by two. */
const scope = createScope()

function createScope(): AnyActorScope {
  const self: AnyActorRef = createEmptyActor()
  const { system } = self
  // A `systemId` belongs to one message; registered here, the second message that uses it would be refused.
  Object.assign(system, { _set: () => {} })
  return {
    self,
    system,
    id: self.id,
    sessionId: self.sessionId,
    logger: () => {},
    defer: () => {},
    emit: () => {},
    stopChild: () => {},
    actionExecutor: (action) => {
      collected.push(action)
    },
  }
}

/**
 * What the code of a machine finds as `self` and `system`, until the next step begins.
 * @param id of the message; an actor to which nobody gave one is called by its session.
 */
export function selfOf(id = scope.sessionId): Pick<AnyActorScope, 'self' | 'system'> {
  scope.id = id
  // The only actor there is takes the name of each message in its turn.
  ;(scope.self as { id: string }).id = id
  return scope
}

function collect(run: () => AnyMachineSnapshot, id?: string): { snapshot: AnyMachineSnapshot; effects: Effect[] } {
  collected.length = 0
  selfOf(id)
  const snapshot = run()
  return { snapshot, effects: collected.map(toEffect).filter((effect) => effect !== undefined) }
}
