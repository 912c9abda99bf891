/** What the clients of `@statelyai/inspect` send and understand, as of the version that they name in `_version`. */
export type WireMessage = WireActor | WireEvent | WireSnapshot

interface Wire {
  readonly _version: string
  /** Milliseconds since 1970, as text. */
  readonly createdAt: string
  readonly id: null
  /** `queue/id` of a message: XState's own differs at each restore, and is the same in two workers. */
  readonly sessionId: string
  readonly rootId: string
}

export interface WireActor extends Wire {
  readonly type: '@xstate.actor'
  readonly name: string
  readonly parentId?: string
  /** The machine's configuration as JSON; none for an actor that a handler runs. */
  readonly definition?: string
  readonly snapshot: InspectedSnapshot
}

export interface WireEvent extends Wire {
  readonly type: '@xstate.event'
  readonly sourceId?: string
  readonly event: InspectedEvent
}

export interface WireSnapshot extends Wire {
  readonly type: '@xstate.snapshot'
  readonly event: InspectedEvent
  readonly snapshot: InspectedSnapshot
}

export interface InspectedEvent {
  readonly type: string
  readonly [property: string]: unknown
}

export interface InspectedSnapshot {
  readonly status: string
  readonly value?: unknown
  /** Of the past as far as the journal tells it: it always keeps the states, and what the contexts were where the queue is told to. */
  readonly context?: unknown
  readonly children?: unknown
  readonly tags?: readonly string[]
  readonly historyValue?: unknown
  readonly input?: unknown
  readonly output?: unknown
  readonly error?: unknown
}

/** The wire that we speak is that of this version. */
const WIRE_VERSION = '0.7.2'

/** Who speaks, and when. */
export interface Speaker {
  readonly sessionId: string
  readonly rootId: string
  readonly at: number
}

const head = ({ sessionId, rootId, at }: Speaker): Wire => ({
  _version: WIRE_VERSION,
  createdAt: String(at),
  id: null,
  sessionId,
  rootId,
})

export const wireActor = (speaker: Speaker, facts: Omit<WireActor, keyof Wire | 'type'>): WireActor => ({
  type: '@xstate.actor',
  ...head(speaker),
  ...facts,
})

export const wireEvent = (speaker: Speaker, event: InspectedEvent): WireEvent => ({
  type: '@xstate.event',
  ...head(speaker),
  event,
})

export const wireSnapshot = (speaker: Speaker, event: InspectedEvent, snapshot: InspectedSnapshot): WireSnapshot => ({
  type: '@xstate.snapshot',
  ...head(speaker),
  event,
  snapshot,
})
