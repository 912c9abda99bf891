import type { ChartLayout } from '../../inspect/chart/layout.ts'

/** `queues/:q/messages/:id/inspect-ticket` */
export interface InspectTicket {
  /** Stands for the token in one connection of a viewer within the next minute, as `&ticket=…`. */
  readonly ticket: string
}

/** An actor that runs in somebody's own program, and sends its inspection here. */
export interface SourceActor {
  /** `source-1/x:0`: the connection, and XState's own name. */
  readonly session: string
  readonly name: string
  /** Session of the actor that invoked or spawned it. */
  readonly parent?: string
  readonly status: string
  /** Name of its state, where its definition has it. */
  readonly state?: string
  /** For `source-charts/:definition`. */
  readonly definition?: string
  readonly context?: unknown
  readonly output?: unknown
  readonly error?: unknown
  /** The last of its steps, oldest first. */
  readonly steps: readonly SourceStep[]
  /** Its program is still connected. */
  readonly connected: boolean
}

export interface SourceStep {
  /** Counts the steps of this actor. */
  readonly seq: number
  readonly at: number
  /** As a journal names it. */
  readonly event: string
  /** With what it carries, where that is not too much. */
  readonly data?: unknown
  readonly state?: string
  readonly context?: unknown
}

/** What `queues/:q/messages/:id/sources` tells, as event `sources`. */
export interface Sources {
  readonly actors: readonly SourceActor[]
}

/** `queues/:q/messages/:id/source-charts/:definition` */
export interface SourceChart {
  readonly id: string
  readonly layout: ChartLayout
}
