import type { MessagePage, ErrorGroup } from '../../shapes/messages.ts'
import { get, part } from './request.ts'

export type { MessageRow, MessagePage, ErrorGroup } from '../../shapes/messages.ts'

/** Names as the API has them, values as a person wrote them. */
export interface Filter {
  readonly errorName?: string
  readonly errorCode?: string
  readonly errorFingerprint?: string
  readonly minAttempts?: string
  readonly maxAttempts?: string
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
  'maxAttempts',
  'minAgeMs',
  'maxAgeMs',
  'idPrefix',
  'field',
  'equals',
] as const satisfies readonly (keyof Filter)[]

export type FilterName = (typeof FILTER_NAMES)[number]

export interface MessageQuery {
  readonly state: string
  readonly order: 'due' | 'entered'
  readonly direction: 'asc' | 'desc'
  readonly filter: Filter
}

const PAGE_SIZE = 50

export const loadMessages = (
  queue: string,
  { state, order, direction, filter }: MessageQuery,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<MessagePage> =>
  get(`queues/${part(queue)}/messages`, { state, order, direction, ...filter, limit: PAGE_SIZE, cursor }, signal)

export const loadErrors = (
  queue: string,
  state: string,
  signal?: AbortSignal,
): Promise<{ groups: readonly ErrorGroup[]; examined: number; complete: boolean }> =>
  get(`queues/${part(queue)}/errors`, { state }, signal)
