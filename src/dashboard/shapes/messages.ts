import type { ErrorFacts } from '../../client/steering/error-facts.ts'

/** A message in a list. */
export interface MessageRow {
  readonly id: string
  readonly state: string
  readonly tags: readonly string[]
  readonly enteredAt: number
  readonly createdAt: number
  readonly dueAt: number | null
  readonly attempts: number
  readonly worker?: string
  readonly progress?: unknown
  readonly error?: ErrorFacts
  /** At most 120 characters of the payload. */
  readonly summary: string
}

/** `queues/:q/messages` */
export interface MessagePage {
  readonly at: number
  readonly items: readonly MessageRow[]
  readonly next: string | null
  readonly examined: number
  /** False: the server stopped at its limit before it had looked at all. */
  readonly complete: boolean
}

/** Errors that are alike but for numbers, ids and quoted texts. */
export interface ErrorGroup extends ErrorFacts {
  readonly count: number
  /** Id of a message that has it. */
  readonly example: string
}
