import { readRoster } from '../engine/roster.ts'
import type { QueueRuntime } from '../engine/runtime.ts'

/** What the other workers of a queue know, by their reports. */
export interface Colleagues {
  /** Whether one that is alive has the code of a version; `'asking'` while that is being found out. */
  know(ref: string): boolean | 'asking'
}

/** After how long it is asked again, and how long an answer is believed: until a message that was left is met again. In milliseconds. */
const ASKED_EVERY = 1000
const BELIEVED = 5000

/** Asked only when a message is met that this worker cannot take, and once for all messages of a second. */
export function createColleagues(queue: QueueRuntime, self: string): Colleagues {
  let known: ReadonlySet<string> = new Set()
  let askedAt = -Infinity
  let asking = false

  async function ask(): Promise<void> {
    asking = true
    try {
      const { present } = readRoster(await queue.store.reports(queue.name), queue.clock.now())
      known = new Set(present.filter(({ name }) => name !== self).flatMap(({ machines = [] }) => machines))
      askedAt = queue.clock.now()
    } catch {
      // Redis is away: it is asked again with the next message.
    } finally {
      asking = false
    }
  }

  return {
    know(ref) {
      const age = queue.clock.now() - askedAt
      if (age > ASKED_EVERY && !asking) void ask()
      if (known.has(ref)) return true
      return age <= BELIEVED ? false : 'asking'
    },
  }
}
