/** One queue of `versions`. */
export interface QueueVersions {
  readonly queue: string
  readonly current: string | null
  /** Whether its machine is here. */
  readonly known: boolean
  readonly versions: readonly {
    readonly ref: string
    readonly live: number
    readonly finished: number
    readonly states: Readonly<Record<string, number>>
    readonly arrivedAt: number | null
    /** What a worker of this process would do with its messages, and with how many. */
    readonly fate: Readonly<Record<string, number>>
  }[]
  readonly drift: readonly {
    readonly ref: string
    /** The one that they are in; those that were put aside were in it. */
    readonly state: string
    /** `orphaned`: on their way, and to be put aside. `stuck`: put aside, and a release would not help. */
    readonly fate: 'orphaned' | 'stuck'
    readonly count: number
    readonly example: string
    readonly reason: string
  }[]
  /** Messages that would move, and how many of them begin, end and keep which timers and invocations with that. */
  readonly moves: readonly {
    readonly ref: string
    readonly state: string
    readonly to: string
    readonly count: number
    readonly begins: Readonly<Record<string, number>>
    readonly ends: Readonly<Record<string, number>>
    readonly keeps: Readonly<Record<string, number>>
  }[]
  readonly quarantined: readonly {
    readonly id: string
    readonly reason: string
    readonly event: unknown
    readonly at: number
  }[]
}
