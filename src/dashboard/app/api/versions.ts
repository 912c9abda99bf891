import type { EventData } from './message.ts'
import { get } from './request.ts'

export interface QueueVersions {
  readonly queue: string
  readonly current: string
  readonly versions: readonly {
    readonly ref: string
    readonly live: number
    readonly finished: number
    readonly states: Readonly<Record<string, number>>
    readonly arrivedAt: number | null
    /** What a worker of this process would do with its messages, and with how many. */
    readonly fate: unknown
  }[]
  readonly drift: readonly {
    readonly ref: string
    readonly state: string
    readonly count: number
    readonly example: string
    readonly reason: string
  }[]
  readonly quarantined: readonly {
    readonly id: string
    readonly reason: string
    readonly event?: EventData
    readonly at: number
  }[]
}

export const loadVersions = (signal?: AbortSignal): Promise<{ queues: readonly QueueVersions[] }> =>
  get('versions', undefined, signal)
