import { get } from './request.ts'

export interface HealthFinding {
  readonly code: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly queue?: string
  readonly what: string
  readonly why: string
  readonly mend: string
  readonly command?: string
}

export interface Health {
  readonly findings: readonly HealthFinding[]
  readonly redis: Readonly<Record<string, unknown>>
}

export const loadHealth = (signal?: AbortSignal): Promise<Health> => get('health', undefined, signal)
