import { setTimeout as pause } from 'node:timers/promises'
import type { Queue } from '../client/queue.ts'
import { hasCode } from '../errors.ts'
import type { Transition } from '../message.ts'
import type { QueueDirectory } from './queue-directory.ts'

export interface FeedFollower {
  /** Looks for queues that are new, and follows them too. */
  look(): Promise<void>
  /** Ends all feeds. */
  stop(): Promise<void>
}

export interface FollowOptions {
  /** From where the queues are followed that exist already; a new one is followed from its beginning. */
  readonly from: 'now' | 'start'
  tell(transition: Transition): void
  note(text: string): void
}

/** Follows the transitions of every queue of a server. */
export function createFeedFollower(directory: QueueDirectory, { from, tell, note }: FollowOptions): FeedFollower {
  const stopped = new AbortController()
  const followed = new Map<string, Promise<void>>()
  let begin: string = from

  async function follow(queue: Queue, position: string): Promise<void> {
    try {
      for await (const transition of queue.feed({ from: position, signal: stopped.signal })) tell(transition)
    } catch (error) {
      if (stopped.signal.aborted) return
      note(`warning: ${error instanceof Error ? error.message : String(error)}`)
      // What was trimmed is gone; anything else may pass.
      if (!hasCode(error, 'E_FEED_GAP')) await pause(1000, undefined, { signal: stopped.signal }).catch(() => {})
      return follow(queue, 'now')
    }
  }

  return {
    async look() {
      for (const queue of await directory.all()) {
        if (!followed.has(queue.name)) followed.set(queue.name, follow(queue, begin))
      }
      begin = 'start'
    },
    async stop() {
      stopped.abort()
      await Promise.all(followed.values())
    },
  }
}
