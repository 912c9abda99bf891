import { get, part } from './request.ts'

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
  readonly error?: {
    readonly name: string
    readonly code?: string
    readonly message: string
    readonly fingerprint: string
  }
  /** At most 120 characters of the payload. */
  readonly summary: string
}

/** Names as the API has them, values as a person wrote them. */
export interface Filter {
  readonly errorName?: string
  readonly errorCode?: string
  readonly errorFingerprint?: string
  readonly minAttempts?: string
  readonly minAgeMs?: string
  readonly maxAgeMs?: string
  readonly idPrefix?: string
  readonly field?: string
  readonly equals?: string
}

export const FILTER_NAMES = [
  'errorName',
  'errorCode',
  'errorFingerprint',
  'minAttempts',
  'minAgeMs',
  'maxAgeMs',
  'idPrefix',
  'field',
  'equals',
] as const satisfies readonly (keyof Filter)[]

export interface MessageQuery {
  readonly state: string
  readonly order: 'due' | 'entered'
  readonly direction: 'asc' | 'desc'
  readonly filter: Filter
}

export interface MessagePage {
  readonly at: number
  readonly items: readonly MessageRow[]
  readonly next: string | null
  readonly examined: number
  /** False: the server stopped at its limit before it had looked at all. */
  readonly complete: boolean
}

const PAGE_SIZE = 50

export const loadMessages = (
  queue: string,
  { state, order, direction, filter }: MessageQuery,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<MessagePage> =>
  get(`queues/${part(queue)}/messages`, { state, order, direction, ...filter, limit: PAGE_SIZE, cursor }, signal)

export interface ErrorGroup {
  readonly fingerprint: string
  readonly name: string
  readonly code?: string
  readonly message: string
  readonly count: number
  readonly example: string
}

export const loadErrors = (
  queue: string,
  state: string,
  signal?: AbortSignal,
): Promise<{ groups: readonly ErrorGroup[]; examined: number; complete: boolean }> =>
  get(`queues/${part(queue)}/errors`, { state }, signal)
