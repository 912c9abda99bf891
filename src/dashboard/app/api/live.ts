import { apiUrl, get, part } from './request.ts'

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
  readonly from: string | null
  readonly to: string
  readonly event: string
  readonly perSecond: number
}

export interface Tick {
  readonly at: number
  readonly redis: 'up' | 'away'
  readonly paused: boolean
  readonly states: Readonly<Record<string, StateFigures>>
  readonly edges: readonly EdgeRate[]
  readonly perSecond: { readonly transitions: number; succeeded: number; dead: number; retrying: number }
  readonly lagMs: number | null
  readonly workers: { readonly count: number; readonly active: number; readonly concurrency: number }
}

export interface FlowItem {
  readonly id: string
  readonly from: string | null
  readonly to: string
  readonly event: string
  readonly at: number
}

export interface Flow {
  readonly items: readonly FlowItem[]
  readonly skipped: number
}

export const liveUrl = (queue: string): URL => apiUrl(`queues/${part(queue)}/live`)

export interface HistoryPoint {
  readonly at: number
  readonly transitions: number
  readonly succeeded: number
  readonly dead: number
  readonly lagMs: number | null
  readonly live: number
}

export const loadHistory = (
  queue: string,
  minutes: number,
  signal?: AbortSignal,
): Promise<{ points: readonly HistoryPoint[] }> => get(`queues/${part(queue)}/history`, { minutes }, signal)
