import type { QueueChart } from '../../shapes/chart.ts'
import { get, part } from './request.ts'

export type { QueueChart } from '../../shapes/chart.ts'

export type { ChartLayout, PlacedState, Point } from '../../../inspect/chart/layout.ts'

export const loadChart = (queue: string, signal?: AbortSignal): Promise<QueueChart> =>
  get(`queues/${part(queue)}/chart`, undefined, signal)
