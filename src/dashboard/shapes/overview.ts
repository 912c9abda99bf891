/** `overview` */
export interface Overview {
  readonly at: number
  readonly readOnly: boolean
  readonly version: string
  readonly redis: {
    readonly up: boolean
    /** Why it does not answer; it names the address, without a secret. */
    readonly reason?: string
    readonly description?: string
    readonly memory?: { readonly used: number; readonly max: number; readonly policy: string }
    readonly latencyMs?: number
  }
  readonly queues: readonly QueueOverview[]
}

export interface QueueOverview {
  readonly name: string
  readonly partitions: number
  /** `id@version#fingerprint`; `null` where nothing says it. */
  readonly machine: string | null
  /** This process has its machine: there is a chart. */
  readonly known: boolean
  readonly states: Readonly<Record<string, number>>
  readonly live: number
  readonly settled: number
  readonly due: number
  readonly oldestDueMs: number | null
  readonly paused: boolean
  readonly quarantined: number
}

/** What `search` finds. */
export interface Found {
  readonly queue: string
  readonly id: string
  readonly state: string
}
