import { toMs } from '../../../options.ts'
import type { BulkMessage, SendOptions } from '../../../client/queue.ts'
import type { EventData } from '../../../message.ts'
import { SOMEBODY } from '../access/access.ts'
import type { Board } from '../board.ts'
import { badRequest } from '../failure.ts'
import type { Call, Route } from '../route.ts'

/** Messages in one call. */
const MOST = 1000
/** How long a request may wait for an event to be taken, in milliseconds. */
const LONGEST_WAIT = 30_000
const SEND_OPTIONS = ['id', 'delay', 'retry'] as const

/** What programs in other languages send, and people by hand. */
export const sendingRoutes = (board: Board): Route[] => [
  {
    method: 'POST',
    path: 'queues/:q/messages',
    action: 'send',
    summary: 'Stores messages; one with an id that is there already is answered "duplicate" and changes nothing',
    body: {
      input: 'What the handler gets',
      id: 'An id of your own. Default: a new one',
      delay: 'Until the first delivery: milliseconds, or text such as "10m". Default machine only',
      retry: 'What this message does differently from the retry policy. Default machine only',
      messages: `Instead of the above, up to ${MOST} of them`,
    },
    async handle({ params, body }) {
      const messages = messagesOf(await body())
      const { queue } = await board.queues.known(params['q'] ?? '')
      await board.store.queues()
      const results = await queue.sendBulk(messages)
      return { results: results.map(({ id, status }) => ({ id, status })) }
    },
  },
  {
    method: 'POST',
    path: 'queues/:q/messages/:id/events',
    action: 'event',
    summary: 'Sends an event to a message',
    body: {
      event: 'An object with a type',
      eventId: 'Makes it idempotent: of several with the same id, one is applied',
      actor: 'Who sends it, for the audit, where the dashboard does not know that itself',
      wait: 'Until it was taken, at most so long: milliseconds up to 30,000, or text such as "5s"',
    },
    async handle(call) {
      const { params, body } = call
      const { event, eventId, wait, actor } = await body()
      const { queue } = await board.queues.known(params['q'] ?? '')
      await board.store.queues()
      const { id, status, state } = await queue.signal(params['id'] ?? '', event as EventData, {
        ...sender(call, actor),
        ...(eventId === undefined ? {} : { eventId: text(eventId, 'eventId') }),
        ...(wait === undefined ? {} : { wait: toMs(wait as string, 'wait', { max: LONGEST_WAIT }) }),
      })
      return { id, status, ...(state === undefined ? {} : { state }) }
    },
  },
  {
    method: 'DELETE',
    path: 'queues/:q/messages/:id',
    action: 'remove',
    summary: 'Deletes a message, unless a worker has it',
    async handle({ params: { q = '', id = '' }, actor }) {
      const { queue } = await board.queues.known(q)
      await board.store.queues()
      await queue.remove(id, { actor })
      return { id, status: 'removed' }
    },
  },
]

/**
 * What people send by hand goes into the audit, and what is sent by whom `authorize` knows or who says it himself. What other programs send,
 * which may be a thousand a second, would drown it.
 */
function sender({ headers, actor }: Call, given: unknown): { actor?: string } {
  if (actor !== SOMEBODY) return { actor }
  if (given !== undefined) return { actor: text(given, 'actor') }
  return headers.has('sec-fetch-site') ? { actor } : {}
}

function messagesOf(body: Readonly<Record<string, unknown>>): BulkMessage<unknown>[] {
  if (body['messages'] === undefined) return [messageOf(body)]
  const { messages, ...others } = body
  if (!Array.isArray(messages) || Object.keys(others).length > 0)
    throw badRequest('give one message, or "messages" with a list of them and nothing else.', 400, { path: 'messages' })
  if (messages.length <= MOST) return messages.map(messageOf)
  throw badRequest(`one call takes ${MOST} messages; got ${messages.length}.`, 413, { path: 'messages' })
}

function messageOf(value: unknown): BulkMessage<unknown> {
  if (typeof value !== 'object' || value === null || !('input' in value))
    throw badRequest('a message is an object with "input".', 400, { path: 'input' })
  const { input, ...options } = value
  const unknown = Object.keys(options).find((name) => !SEND_OPTIONS.some((known) => known === name))
  if (unknown !== undefined)
    throw badRequest(`a message has no "${unknown}". It has: input, ${SEND_OPTIONS.join(', ')}.`, 400, {
      path: unknown,
    })
  return { input, ...(options as SendOptions) }
}

function text(value: unknown, path: string): string {
  if (typeof value === 'string') return value
  throw badRequest(`${path} must be text.`, 400, { path })
}
