import type { AnyStateMachine } from 'xstate'
import { readActors, type StoredActors } from '../../engine/actor-tree.ts'
import { invocationPath } from '../../engine/address.ts'
import { describe } from '../../engine/description.ts'
import { actorLogic, kindOf } from '../../engine/logic.ts'
import { FIELD } from '../../engine/snapshot.ts'
import { faultOf, readable } from '../../unreadable.ts'
import type { StoredMessage } from '../../store/store.ts'
import type { Show } from './definition.ts'
import type { InspectedSnapshot } from './wire-message.ts'

/** An actor within a message: a machine or a transition function that lives in it, or an invocation that a handler runs. */
export interface InnerActor {
  readonly sessionId: string
  readonly parentId: string
  /** Its id within its parent. */
  readonly id: string
  /** As the journal names it, where it is run by a handler. */
  readonly invocation?: string
  readonly machine?: AnyStateMachine
  readonly snapshot: InspectedSnapshot
}

/** All actors within a message, parents first. */
export function innerActors(
  root: string,
  machine: AnyStateMachine | undefined,
  stored: StoredMessage,
  show: Show,
): InnerActor[] {
  const text = stored.fields[FIELD.actors]
  const actors = text === undefined ? {} : readable(text, readActors)
  const living = faultOf(actors)
    ? [{ sessionId: `${root}#`, parentId: root, id: '(unreadable)', snapshot: { status: 'error', error: actors } }]
    : livingActors(root, [], machine, actors as StoredActors, show)
  const running = describe(stored).invocations.map(({ id, nonce, input }): InnerActor => {
    const path = invocationPath(id)
    return {
      // Each attempt is an actor of its own.
      sessionId: `${sessionOf(root, path)}:${nonce}`,
      parentId: sessionOf(root, path.slice(0, -1)),
      id: path.at(-1) ?? id,
      invocation: id,
      snapshot: { status: 'active', input: show(input, 'input') },
    }
  })
  return [...living, ...running]
}

const sessionOf = (root: string, path: readonly string[]): string =>
  path.length === 0 ? root : `${root}#${path.map(encodeURIComponent).join('/')}`

function livingActors(
  root: string,
  above: readonly string[],
  parent: AnyStateMachine | undefined,
  actors: StoredActors,
  show: Show,
): InnerActor[] {
  return Object.entries(actors).flatMap(([id, { src, snapshot }]) => {
    const path = [...above, id]
    const logic = parent && actorLogic(parent, src)
    const machine = logic && kindOf(logic) === 'machine' ? (logic as AnyStateMachine) : undefined
    const facts = snapshot as typeof snapshot & { readonly context?: unknown; readonly output?: unknown }
    const actor: InnerActor = {
      sessionId: sessionOf(root, path),
      parentId: sessionOf(root, above),
      id,
      ...(machine ? { machine } : {}),
      snapshot: {
        status: facts.status,
        ...(facts.value === undefined ? {} : { value: facts.value }),
        context: show(facts.context ?? {}, 'context'),
        ...(facts.output === undefined ? {} : { output: show(facts.output, 'output') }),
        ...(facts.error === undefined ? {} : { error: show(facts.error, 'error') }),
      },
    }
    return [actor, ...livingActors(root, path, machine, snapshot.children ?? {}, show)]
  })
}
