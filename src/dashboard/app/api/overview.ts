import type { Overview, Found } from '../../shapes/overview.ts'
import { get, part, post, type Query } from './request.ts'

export type { Overview, QueueOverview, Found } from '../../shapes/overview.ts'

export const loadOverview = (signal?: AbortSignal): Promise<Overview> => get('overview', undefined, signal)

export const setPaused = (queue: string, paused: boolean): Promise<{ paused: boolean }> =>
  post(`queues/${part(queue)}/${paused ? 'pause' : 'resume'}`)

export const search = (id: string, signal?: AbortSignal): Promise<{ items: readonly Found[] }> =>
  get('search', { id } satisfies Query, signal)
