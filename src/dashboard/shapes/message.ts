import type { ErrorFacts } from '../../client/steering/error-facts.ts'
import type { ContextChanges, EventData, Message } from '../../message.ts'

export type { ContextChanges, EventData, MessageJoin } from '../../message.ts'

/** What is stored of a message, as far as it may be seen. */
type Stored =
  | 'id'
  | 'queue'
  | 'state'
  | 'status'
  | 'tags'
  | 'createdAt'
  | 'enteredAt'
  | 'revision'
  | 'machine'
  | 'timers'
  | 'invocations'
  | 'inbox'
  | 'parent'
  | 'joins'
  | 'failedIn'

/** A message; times are milliseconds since 1970 by the clock of Redis. */
export interface MessageView extends Pick<Message, Stored> {
  readonly value?: unknown
  readonly input: unknown
  /** What was sent, where the input was edited since. */
  readonly sentInput?: unknown
  readonly context: unknown
  readonly output?: unknown
  readonly error?: unknown
  /** The last error as lists tell it. */
  readonly failure?: ErrorFacts
  readonly attempts: number
  readonly dueAt: number | null
  readonly worker?: string
  readonly leaseUntil?: number | null
  readonly progress?: unknown
  readonly quarantine?: { readonly reason: string; readonly event?: EventData }
}

/** A line of the journal. */
export interface HistoryStep {
  readonly seq: number
  readonly at: number
  readonly event: string
  readonly state: string
  readonly worker?: string
  readonly error?: unknown
  /** What it changed in the context, where the queue keeps that: `journal: { contexts: true }`. */
  readonly changed?: ContextChanges
}

/** `queues/:q/messages/:id` */
export interface MessageDetails {
  readonly at: number
  readonly message: MessageView
  readonly history: readonly HistoryStep[]
  readonly raw: {
    readonly fields: Readonly<Record<string, string>>
    readonly keys: Readonly<Record<string, string>>
    /** Where values are redacted, the fields are not shown at all. */
    readonly hidden: boolean
  }
}

/** Something that can happen to a message next. */
export interface NextEvent {
  /** An event's type, `after <delay>`, `done <invocation>` or `error <invocation>`; the operation `redrive` of one that failed. */
  readonly type: string
  readonly kind: 'event' | 'timer' | 'actor' | 'operation'
  readonly possible: boolean
  /** Where it leads, as far as that does not depend on what an event or a result carries. */
  readonly target?: string
  /** Names of the guards that say no, or why else it is not taken. */
  readonly blockedBy?: string
  /** Those of them that are guards. What an event carries may change their mind. */
  readonly guards?: readonly string[]
  /** For a timer, milliseconds since 1970. */
  readonly due?: number
}

/** `queues/:q/messages/:id/dry-run` */
export interface DryRun {
  readonly from: string
  readonly to: string
  readonly changed: boolean
  /** Why it changes nothing, as in `NextEvent`. */
  readonly blockedBy?: string
  readonly guards?: readonly string[]
  readonly context: { readonly before: unknown; readonly after: unknown }
  readonly effects: readonly { readonly type: string; readonly [property: string]: unknown }[]
  readonly error?: unknown
}
