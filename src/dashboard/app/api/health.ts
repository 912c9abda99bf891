import type { Health } from '../../shapes/health.ts'
import { get } from './request.ts'

export type { HealthFinding, Health } from '../../shapes/health.ts'

export const loadHealth = (signal?: AbortSignal): Promise<Health> => get('health', undefined, signal)
