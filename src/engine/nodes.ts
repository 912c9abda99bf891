import type { AnyStateMachine } from 'xstate'

export type AnyStateNode = AnyStateMachine['root']
type AnyTransition = AnyStateNode['transitions'] extends Map<string, (infer Transition)[]> ? Transition : never

/** A node and all below it, in document order. */
export function* allNodes(node: AnyStateNode): Generator<AnyStateNode> {
  yield node
  for (const child of Object.values(node.states as Record<string, AnyStateNode>)) yield* allNodes(child)
}

/** Every transition that begins in a node, `always` ones last. */
export function transitionsOf(node: AnyStateNode): AnyTransition[] {
  return [...[...node.transitions.values()].flat(), ...(node.always ?? [])]
}

/** All actions that a node lists: of its entry and exit, of its transitions, and of its initial one. */
export function actionsOf(node: AnyStateNode): unknown[] {
  return [
    ...node.entry,
    ...node.exit,
    ...node.initial.actions,
    ...transitionsOf(node).flatMap((transition) => transition.actions),
  ]
}
