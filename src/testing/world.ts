import type { MemoryStore } from '../store/memory-store.ts'
import type { Partition } from '../store/store.ts'
import type { Activity } from './activity.ts'
import type { CrashPlan } from './crash-point.ts'
import type { Timeline } from './timeline.ts'

/** What all processes of one test share. */
export interface World {
  readonly store: MemoryStore
  readonly timeline: Timeline
  readonly chance: () => number
  readonly activity: Activity
  readonly crashes: CrashPlan
  readonly turns: Turns
}

/** The right of workers to act. While the test has the word they have none: they claim nothing, and tell and hear nothing. */
export interface Turns {
  /** Whether workers may act now. */
  readonly given: boolean
  /** Resolves when they may. */
  whenGiven(): Promise<void>
  /** Gives turns for so many claimed messages, of one partition or of any; takes back what is left when `action` is done. */
  during<T>(claims: number, only: Partition | undefined, action: () => Promise<T>): Promise<T>
  /** How many messages of a partition may be claimed now. */
  left(partition: Partition): number
  use(claims: number): void
  /** Notes a step of a message. */
  step(queue: string, id: string): void
  /** A message that has taken more steps than any that comes to an end: it sets itself due again and again. */
  readonly endless: string | undefined
}

/** Steps of one message while the clock stands still. */
const MOST_STEPS = 5000

export function createTurns(): Turns {
  let given = false
  let left = 0
  let only: Partition | undefined
  let waiting: (() => void)[] = []
  let steps = new Map<string, number>()
  let endless: string | undefined

  return {
    get given() {
      return given
    },
    whenGiven: () => (given ? Promise.resolve() : new Promise((resolve) => void waiting.push(resolve))),
    async during(claims, partition, action) {
      given = true
      left = claims
      only = partition
      steps = new Map()
      endless = undefined
      for (const resolve of waiting) resolve()
      waiting = []
      try {
        return await action()
      } finally {
        given = false
        left = 0
      }
    },
    left: ({ queue, index }) => (!only || (only.queue === queue && only.index === index) ? left : 0),
    use(claims) {
      left -= claims
    },
    step(queue, id) {
      const message = `"${id}" of "${queue}"`
      const taken = (steps.get(message) ?? 0) + 1
      steps.set(message, taken)
      if (taken > MOST_STEPS) endless = message
    },
    get endless() {
      return endless
    },
  }
}
