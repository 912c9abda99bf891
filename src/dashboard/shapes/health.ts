/** A finding of the doctor. */
export interface HealthFinding {
  readonly code: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly queue?: string
  readonly what: string
  readonly why: string
  readonly mend: string
  readonly command?: string
  readonly count?: number
  readonly examples?: readonly string[]
}

/** `health` */
export interface Health {
  readonly at?: number
  readonly findings: readonly HealthFinding[]
  readonly examined?: { readonly messages: number; readonly full: boolean }
  readonly redis: { readonly up: boolean; readonly description: string; readonly address?: string }
}
