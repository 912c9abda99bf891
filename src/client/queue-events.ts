import { decode } from '../codec.ts'
import { eventNames, type QueueEvents, type QueueRuntime } from '../engine/runtime.ts'
import { asError, hasCode } from '../errors.ts'
import { createEmitter } from '../events/emitter.ts'
import { DEFAULTS } from '../options.ts'
import { readable } from '../unreadable.ts'
import { readFeed } from './feed.ts'

/** Adds a listener, and returns what takes it away. */
export type Listen<Events> = <Name extends keyof Events & string>(
  name: Name,
  listener: (detail: Events[Name]) => void,
) => () => void

/**
 * Callbacks on what happens to any message of a queue, in whichever process. They follow the feed, so they miss nothing while
 * this process lives, even across a reconnect.
 */
export function createQueueEvents(queue: QueueRuntime) {
  const emitter = createEmitter<QueueEvents>(queue.log.listenerFailed)
  let following = false

  function follow(): void {
    if (following) return
    following = true
    void run('now')
    void tellProgress()
  }

  async function run(from: string): Promise<void> {
    let position = from
    try {
      for await (const transition of readFeed(queue, { from })) {
        position = transition.position
        for (const name of eventNames(transition)) emitter.emit(name, transition)
      }
    } catch (error) {
      if (queue.closed.aborted) return
      emitter.emit('error', asError(error))
      // After a gap there is nothing to resume from but the present.
      if (hasCode(error, 'E_FEED_GAP')) return run('now')
      queue.clock.after(DEFAULTS.maxSleep, () => void run(position))
    }
  }

  async function tellProgress(): Promise<void> {
    const progress = (id: string, text: string): void =>
      emitter.emit('progress', { queue: queue.name, id, progress: readable(text, decode) })
    try {
      await queue.reachable()
      for (const partition of queue.partitions) await queue.store.subscribe(partition, { progress })
    } catch (error) {
      emitter.emit('error', asError(error))
    }
  }

  return {
    on: <Name extends keyof QueueEvents>(name: Name, listener: (detail: QueueEvents[Name]) => void): (() => void) => {
      follow()
      return emitter.on(name, listener)
    },
  }
}
