import type { Message } from '../../message.ts'
import { errorFacts } from '../../client/steering/error-facts.ts'
import { attemptsOf } from '../../client/steering/message-filter.ts'
import type { MessageRow } from '../shapes/messages.ts'
import type { Show } from './plain.ts'

const SUMMARY = 120

export function messageRow(message: Message, show: Show): MessageRow {
  const { id, state, tags, enteredAt, createdAt, worker, progress, input } = message
  const error = errorFacts(message, show)
  return {
    id,
    state,
    tags,
    enteredAt,
    createdAt,
    dueAt: dueAt(message),
    attempts: attemptsOf(message),
    ...(worker === undefined ? {} : { worker }),
    ...(progress === undefined ? {} : { progress: show(progress, 'progress') }),
    ...(error ? { error } : {}),
    summary: summaryOf(show(input, 'input')),
  }
}

function summaryOf(shown: unknown): string {
  const text = typeof shown === 'string' ? shown : (JSON.stringify(shown) ?? '')
  return text.length > SUMMARY ? `${text.slice(0, SUMMARY - 1)}…` : text
}

/** While a worker has a message, what is due is the end of its lease. */
export const dueAt = ({ worker, attentionAt, timers }: Message): number | null =>
  worker === undefined ? attentionAt : (timers.toSorted((a, b) => a.due - b.due)[0]?.due ?? null)
