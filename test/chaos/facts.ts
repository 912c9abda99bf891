import type { Transition } from '../../src/index.ts'
import type { StoredMessage } from '../../src/store/store.ts'
import type { Entry } from './record-file.ts'

/** One entry of the feed: what one commit (or one enqueue) of one batch wrote, in the very script that wrote the state. */
export interface AuditEntry {
  readonly position: string
  readonly transitions: readonly Transition[]
}

/** What is in Redis of one queue at the end of a run. */
export interface QueueFacts {
  readonly feed: readonly AuditEntry[]
  readonly messages: ReadonlyMap<string, StoredMessage>
  /** Members with their scores, by the name of the state. */
  readonly sets: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** Keys of messages that are not there: inboxes, locks, remembered event ids. */
  readonly strays: readonly string[]
}

/** All that the checker looks at. */
export interface Facts {
  readonly seed: number
  /** The clock of Redis when the state was read. */
  readonly now: number
  readonly queues: ReadonlyMap<string, QueueFacts>
  /** What producers and workers wrote down, in files of their own. */
  readonly records: readonly Entry[]
  /** After a failover only what a replica had confirmed is promised. */
  readonly promised: 'answered' | 'confirmed'
  /**
   * By how many milliseconds, at most, the clock of Redis was set back at once; `undefined` when nobody set it. What was due when it was
   * claimed may be stamped by so much earlier, and positions of the feed, which never go back, do not tell the time then.
   */
  readonly setBack: number | undefined
}

export const FAULTS_FOUND = ['lost', 'doubleCommitted', 'illegal', 'indexDrift', 'earlyTimers', 'signalsLost'] as const

export type Kind = (typeof FAULTS_FOUND)[number]

export interface Finding {
  readonly kind: Kind
  readonly id: string
  readonly what: string
}

export interface Report {
  readonly messages: number
  readonly findings: readonly Finding[]
  /** Handlers that ran and whose result nobody took: their worker was killed, or lost its lease. */
  readonly duplicateExecutions: number
  /** Sends that were answered, not confirmed by a replica, and taken back by a failover. */
  readonly rolledBack: number
  /** Milliseconds by which timers fired after they were due. */
  readonly lateness: readonly number[]
}
