import type { Preview, Operation, AuditEntry } from '../../shapes/operations.ts'
import type { EventData } from './message.ts'
import type { Filter } from './messages.ts'
import { get, part, post } from './request.ts'

export type { Preview, Operation, AuditEntry } from '../../shapes/operations.ts'

export type Action = 'event' | 'retry' | 'redrive' | 'cancel' | 'remove' | 'release'

/** Which messages: some that were picked, or all in a state that match a filter. Never all of a queue. */
export type Target = { readonly ids: readonly string[] } | { readonly filter: { readonly state: string } & Filter }

export interface Order {
  readonly action: Action
  readonly event?: EventData
  readonly target: Target
  readonly ratePerSecond?: number
}

const bodyOf = ({ target, ...order }: Order): object => ({ ...order, ...target })

export const preview = (queue: string, order: Order): Promise<Preview> =>
  post(`queues/${part(queue)}/operations`, { ...bodyOf(order), preview: true })

export const begin = (queue: string, order: Order): Promise<{ operation: Operation }> =>
  post(`queues/${part(queue)}/operations`, bodyOf(order))

export const loadOperations = (signal?: AbortSignal): Promise<{ items: readonly Operation[] }> =>
  get('operations', undefined, signal)

export const stop = (id: string): Promise<unknown> => post(`operations/${part(id)}/stop`)

export const undo = (id: string): Promise<unknown> => post(`operations/${part(id)}/undo`)

export const loadAudit = (signal?: AbortSignal): Promise<{ items: readonly AuditEntry[] }> =>
  get('audit', { limit: 100 }, signal)
