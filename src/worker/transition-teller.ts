import { eventNames, type QueueEvents, type QueueRuntime } from '../engine/runtime.ts'
import type { Emitter } from '../events/emitter.ts'
import { decodeTransitions } from '../events/transition-text.ts'

/** Tells of a transition that many messages take, which differ in no more than this. Nobody listens to most workers: then it costs nothing. */
export function createTransitionTeller(
  queue: QueueRuntime,
  events: Emitter<QueueEvents>,
  /** As the feed has it, but for the id of the message. */
  text: string,
): (id: string, at: number, output?: unknown) => void {
  const [transition] = decodeTransitions(queue.name, 0, `[["",${text}]]`)
  const names = eventNames(transition!)
  return (id, at, output) => {
    if (!events.listens()) return
    const told = output === undefined ? { ...transition!, id, at } : { ...transition!, id, at, output }
    for (const name of names) events.emit(name, told)
  }
}
