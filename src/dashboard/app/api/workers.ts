import type { WorkerView } from '../../shapes/workers.ts'
import { get } from './request.ts'

export type { WorkerView } from '../../shapes/workers.ts'

export const loadWorkers = (signal?: AbortSignal): Promise<{ at: number; items: readonly WorkerView[] }> =>
  get('workers', undefined, signal)
