import type { QueueVersions } from '../../shapes/versions.ts'
import { get } from './request.ts'

export type { QueueVersions } from '../../shapes/versions.ts'

export const loadVersions = (signal?: AbortSignal): Promise<{ queues: readonly QueueVersions[] }> =>
  get('versions', undefined, signal)
