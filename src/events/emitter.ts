import { EventEmitter } from 'node:events'

/** Names of events with the one argument that their listeners get. */
export type EventMap = object

export interface Emitter<Events extends EventMap> {
  on<Name extends keyof Events & string>(name: Name, listener: (detail: Events[Name]) => void): () => void
  emit<Name extends keyof Events & string>(name: Name, detail: Events[Name]): void
  /** Whether anybody listens: to this event, or to any. */
  listens(name?: keyof Events & string): boolean
}

/**
 * Callbacks that cannot harm: what a listener throws (or rejects with) goes to `failed`, and neither to the other listeners nor
 * to the engine that told of the event.
 */
export function createEmitter<Events extends EventMap>(
  failed: (name: string, error: unknown) => void,
): Emitter<Events> {
  const emitter = new EventEmitter()
  let listeners = 0
  emitter.setMaxListeners(0)
  // `error` without a listener would be thrown by Node; here it is an event like any other, under another name.
  const key = (name: string): string => `redrive:${name}`
  return {
    on(name, listener) {
      const safe = (detail: Parameters<typeof listener>[0]): void => {
        try {
          // A listener may be asynchronous, whatever its type says.
          const answer = listener(detail) as unknown
          if (answer instanceof Promise) answer.catch((error: unknown) => failed(name, error))
        } catch (error) {
          failed(name, error)
        }
      }
      emitter.on(key(name), safe)
      listeners++
      let on = true
      return () => {
        emitter.off(key(name), safe)
        if (on) listeners--
        on = false
      }
    },
    emit: (name, detail) => void emitter.emit(key(name), detail),
    listens: (name) => (name === undefined ? listeners > 0 : emitter.listenerCount(key(name)) > 0),
  }
}
