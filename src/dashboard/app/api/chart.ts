import type { ChartLayout } from '../../../inspect/chart/layout.ts'
import { get, part } from './request.ts'

export type { ChartLayout, PlacedState, Point } from '../../../inspect/chart/layout.ts'

export interface QueueChart {
  readonly fingerprint: string
  readonly id: string
  readonly version: string
  readonly layout: ChartLayout
}

export const loadChart = (queue: string, signal?: AbortSignal): Promise<QueueChart> =>
  get(`queues/${part(queue)}/chart`, undefined, signal)
