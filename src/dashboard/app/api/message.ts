import type { EventData, MessageDetails, NextEvent, DryRun } from '../../shapes/message.ts'
import { get, part, post } from './request.ts'

export type {
  EventData,
  MessageJoin,
  MessageView,
  HistoryStep,
  MessageDetails,
  NextEvent,
  DryRun,
} from '../../shapes/message.ts'

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
