import { get, part, post } from './request.ts'

export interface EventData {
  readonly type: string
  readonly [property: string]: unknown
}

export interface MessageView {
  readonly id: string
  readonly state: string
  readonly value?: unknown
  readonly status: 'active' | 'done' | 'error' | 'stopped'
  readonly tags: readonly string[]
  readonly createdAt: number
  readonly enteredAt: number
  readonly revision: number
  readonly input: unknown
  readonly context: unknown
  readonly output?: unknown
  readonly error?: unknown
  readonly attempts: number
  readonly dueAt: number | null
  readonly timers: readonly { readonly id: string; readonly due: number }[]
  readonly invocations: readonly { readonly id: string; readonly src: string; readonly running: boolean }[]
  readonly inbox: readonly EventData[]
  readonly worker?: string
  readonly leaseUntil?: number | null
  readonly progress?: unknown
  readonly parent?: unknown
  readonly joins?: unknown
  readonly machine: string
  readonly quarantine?: { readonly reason: string; readonly event?: EventData }
}

export interface HistoryStep {
  readonly seq: number
  readonly at: number
  readonly event: string
  readonly from?: string | null
  readonly state: string
  readonly worker?: string
  readonly error?: unknown
  /** As it was after this step, where it is known. */
  readonly context?: unknown
}

export interface MessageDetails {
  readonly at: number
  readonly message: MessageView
  readonly history: readonly HistoryStep[]
  readonly raw: { readonly fields: Readonly<Record<string, string>>; readonly keys: Readonly<Record<string, string>> }
}

export interface NextEvent {
  readonly type: string
  readonly kind: 'event' | 'timer' | 'actor'
  readonly possible: boolean
  readonly target?: string
  readonly blockedBy?: string
  readonly due?: number
}

export interface DryRun {
  readonly from: string
  readonly to: string
  readonly changed: boolean
  readonly context: { readonly before: unknown; readonly after: unknown }
  readonly effects: readonly { readonly type: string; readonly [property: string]: unknown }[]
  readonly error?: unknown
}

const at = (queue: string, id: string): string => `queues/${part(queue)}/messages/${part(id)}`

export const loadMessage = (queue: string, id: string, signal?: AbortSignal): Promise<MessageDetails> =>
  get(at(queue, id), undefined, signal)

export const loadNext = (queue: string, id: string, signal?: AbortSignal): Promise<{ events: readonly NextEvent[] }> =>
  get(`${at(queue, id)}/next`, undefined, signal)

export const dryRun = (queue: string, id: string, event: EventData): Promise<DryRun> =>
  post(`${at(queue, id)}/dry-run`, { event })

export const sendEvent = (
  queue: string,
  id: string,
  event: EventData,
): Promise<{ id: string; status: string; state?: string }> => post(`${at(queue, id)}/events`, { event })

export const editInput = (queue: string, id: string, input: unknown): Promise<{ id: string; previous: unknown }> =>
  post(`${at(queue, id)}/input`, { input })
