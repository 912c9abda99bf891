/** A leaf of the chart; `tick.states` has one for each that messages are or were in. */
export interface StateFigures {
  readonly count: number
  /** Since when the one that is there longest has been there. */
  readonly oldestAt: number | null
  readonly inPerSecond: number
  readonly outPerSecond: number
  /** Time spent by those that left it within the last minutes; `null` when none did. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly samples: number
}

export interface EdgeRate {
  readonly from: string
  readonly to: string
  readonly event: string
  readonly perSecond: number
}

/** A second, over the last five. */
export interface Totals {
  readonly transitions: number
  readonly succeeded: number
  readonly dead: number
  readonly retrying: number
}

export interface WorkerCounts {
  readonly count: number
  readonly active: number
  readonly concurrency: number
}

/** What a viewer hears each second. */
export interface Tick {
  readonly at: number
  readonly redis: 'up' | 'away'
  readonly paused: boolean
  readonly states: Readonly<Record<string, StateFigures>>
  readonly edges: readonly EdgeRate[]
  readonly perSecond: Totals
  readonly lagMs: number | null
  readonly workers: WorkerCounts
}

/** A transition as a dot that moves. */
export interface FlowItem {
  readonly id: string
  readonly from: string | null
  readonly to: string
  readonly event: string
  readonly at: number
}

/** A sample of what happened lately. */
export interface Flow {
  readonly items: readonly FlowItem[]
  readonly skipped: number
}

/** One second of a queue. */
export interface HistoryPoint {
  readonly at: number
  readonly transitions: number
  readonly succeeded: number
  readonly dead: number
  readonly lagMs: number | null
  readonly live: number
}
