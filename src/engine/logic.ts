import { StateMachine, type AnyActorLogic, type AnyStateMachine } from 'xstate'

/**
 * What an actor's logic means to a durable message. A `promise` is run by a worker and ends in one event; a `machine` and a
 * `transition` function are stored as they stand after each step; whatever is `live` talks between its start and its end, and what
 * it said would be lost with its process.
 */
export type LogicKind = 'promise' | 'machine' | 'transition' | 'live'

/** What to do about one that is live. */
export const DURABLE_INSTEAD =
  'In its place (machine.provide({ actors }) puts it there) use fromPromise for work that ends, a machine with an `after` and sendParent() for a clock, and queue.signal() for what comes from outside'

export function kindOf(logic: AnyActorLogic): LogicKind {
  let kind = kinds.get(logic)
  if (!kind) kinds.set(logic, (kind = findKind(logic)))
  return kind
}

const kinds = new WeakMap<AnyActorLogic, LogicKind>()

function findKind(logic: AnyActorLogic): LogicKind {
  if (logic instanceof StateMachine) return 'machine'
  if (isPromiseLogic(logic)) return 'promise'
  // Only what has something to begin has a start; a transition function just waits for its first event.
  return typeof logic.start === 'function' ? 'live' : 'transition'
}

/** What a machine implements for an invoked source, by name or in the invoke itself, which XState names by its position. */
export function actorLogic(machine: AnyStateMachine, src: string): AnyActorLogic | undefined {
  const [, index, nodeId] = /^xstate\.invoke\.(\d+)\.(.*)$/s.exec(src) ?? []
  if (nodeId === undefined) return machine.implementations.actors[src] as AnyActorLogic | undefined
  const { invoke } = machine.getStateNodeById(`#${nodeId}`).config
  return ([invoke].flat()[Number(index)] as { src: AnyActorLogic } | undefined)?.src
}

/** Promise logic has no mark of its own, but only it takes this event to its end. */
function isPromiseLogic(logic: AnyActorLogic): boolean {
  try {
    const probe = { status: 'active', output: undefined, error: undefined, input: undefined }
    const event = { type: 'xstate.promise.resolve', data: 1 }
    const next = logic.transition(probe, event, { self: {}, system: {} } as never) as {
      status?: string
      output?: unknown
    }
    return next.status === 'done' && next.output === 1
  } catch {
    return false
  }
}
