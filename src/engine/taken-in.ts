import type { AnyStateNode } from './nodes.ts'
import { matchesEvent, type DurableMachine } from './registry.ts'

/**
 * Whether a message in a state has a transition for an event; its guards may still refuse it. `undefined` for a state that this version
 * of the machine does not have.
 */
export function takenIn(machine: DurableMachine, state: string, type: string): boolean | undefined {
  let nodes: readonly AnyStateNode[]
  try {
    // oxlint-disable-next-line no-underscore-dangle -- XState's only list of the states that a snapshot is in
    nodes = machine.template(state)._nodes as readonly AnyStateNode[]
  } catch {
    return undefined
  }
  return nodes.some((node) => [...node.transitions.keys()].some((descriptor) => matchesEvent(descriptor, type)))
}
