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

/** The transition into the first state of a node; `undefined` when it names a state that there is not, for which XState throws. */
export function initialOf(node: AnyStateNode): AnyStateNode['initial'] | undefined {
  try {
    return node.initial
  } catch {
    return undefined
  }
}

/** All actions that a node lists: of its entry and exit, of its transitions, and of its initial one. */
export function actionsOf(node: AnyStateNode): unknown[] {
  return [
    ...node.entry,
    ...node.exit,
    ...(initialOf(node)?.actions ?? []),
    ...transitionsOf(node).flatMap((transition) => transition.actions),
  ]
}
