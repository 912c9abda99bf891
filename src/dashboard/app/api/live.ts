import type { HistoryPoint } from '../../shapes/live.ts'
import { apiUrl, get, part } from './request.ts'

export type { StateFigures, EdgeRate, Tick, FlowItem, Flow, HistoryPoint } from '../../shapes/live.ts'

export const liveUrl = (queue: string): URL => apiUrl(`queues/${part(queue)}/live`)

export const loadHistory = (
  queue: string,
  minutes: number,
  signal?: AbortSignal,
): Promise<{ points: readonly HistoryPoint[] }> => get(`queues/${part(queue)}/history`, { minutes }, signal)
