import { get } from './request.ts'

export interface WorkerView {
  readonly name: string
  readonly queue: string
  readonly host: string
  readonly pid: number
  readonly startedAt: number
  readonly seenAt: number
  readonly concurrency: number
  readonly active: number
  readonly prefetched: number
  readonly claimsPerSecond: number
  readonly processed: number
  readonly lag: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly holds: readonly { readonly id: string; readonly state: string; readonly leaseUntil: number }[]
}

export const loadWorkers = (signal?: AbortSignal): Promise<{ at: number; items: readonly WorkerView[] }> =>
  get('workers', undefined, signal)
