export type { AuditEntry } from '../../client/steering/audit.ts'

/** With `preview: true`. */
export interface Preview {
  readonly matching: number
  readonly examined: number
  readonly complete: boolean
  readonly sample: readonly string[]
}

/** Something that is done to many messages. */
export interface Operation {
  readonly id: string
  readonly queue: string
  readonly action: string
  readonly actor: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly endedAt: number | null
  readonly state: 'running' | 'done' | 'stopped' | 'failed'
  readonly matching: number
  readonly done: number
  readonly skipped: number
  readonly failed: number
  /** Why it failed, or why the last message did. */
  readonly error?: { readonly code?: string; readonly message: string }
  readonly undo: { readonly possible: boolean; readonly why?: string }
}
