import type { EventData } from '../../message.ts'
import type { OperationAction, OperationRequest } from '../../client/steering/operation-request.ts'
import type { MessageFilter } from '../../client/steering/message-filter.ts'
import type { Board } from '../server/board.ts'
import { badRequest } from '../server/failure.ts'
import { readFilter } from '../server/message-filter.ts'
import type { Call, Route } from '../server/route.ts'
import { createOperationBook } from './operation-book.ts'

const FILTER = 'Which messages: "state", and any of the filters of the list of messages'

export function operationRoutes(board: Board): Route[] {
  const book = createOperationBook(board)
  return [
    {
      method: 'POST',
      path: 'queues/:q/operations',
      action: 'operate',
      summary: 'Does something to many messages, or tells how many they would be',
      body: {
        action: '"event", "retry", "redrive", "cancel", "remove" or "release"',
        event: 'For the action "event": an object with a type',
        ids: 'Which messages, as many as a body holds',
        filter: FILTER,
        limit: 'With a filter: at most so many, the oldest first',
        ratePerSecond: 'Default: as quickly as it goes',
        preview: 'true: change nothing, and tell how many of at most 10,000 messages match',
      },
      answer: { also: 202 },
      async handle(call) {
        const { preview, request } = await requestOf(call)
        const { queue } = await board.queues.known(call.params['q'] ?? '')
        await board.store.queues()
        if (preview) return queue.preview(request, { see: board.show, signal: call.signal })
        const operation = await queue.operate(request, { see: board.show, signal: call.signal })
        const begun = await book.get(operation.id)
        return Response.json({ operation: begun }, { status: 202, headers: { 'cache-control': 'no-store' } })
      },
    },
    {
      method: 'GET',
      path: 'operations',
      action: 'read',
      summary: 'The operations of all processes, the newest first',
      handle: async () => ({ items: await book.all() }),
    },
    {
      method: 'GET',
      path: 'operations/:operation',
      action: 'read',
      summary: 'How far an operation is',
      handle: ({ params }) => book.get(params['operation'] ?? ''),
    },
    {
      method: 'POST',
      path: 'operations/:operation/stop',
      action: 'stop',
      summary: 'Ends an operation; what is done is done',
      handle: ({ params }) => book.stop(params['operation'] ?? ''),
    },
    {
      method: 'POST',
      path: 'operations/:operation/undo',
      action: 'undo',
      summary: 'Brings back what an operation has removed within the last hour',
      handle: ({ params, actor }) => book.undo(params['operation'] ?? '', actor),
    },
  ]
}

/** The rest is checked by the queue, whose errors tell what is wrong. */
async function requestOf({ body, actor }: Call): Promise<{ preview: boolean; request: OperationRequest }> {
  const { preview = false, filter, ...given } = await body()
  if (typeof preview !== 'boolean') throw badRequest('preview must be true or false.', 400, { path: 'preview' })
  const request = {
    ...(given as { action: OperationAction; event?: EventData; ids?: string[] }),
    ...(filter === undefined ? {} : { filter: filterOf(filter) }),
    actor,
  }
  return { preview, request }
}

const NAMES = [
  'state',
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
]

function filterOf(given: unknown): MessageFilter {
  if (typeof given !== 'object' || given === null)
    throw badRequest('filter must be an object.', 400, { path: 'filter' })
  const filter = given as Readonly<Record<string, unknown>>
  // One that is misspelt would be no filter at all.
  const unknown = Object.keys(filter).find((name) => !NAMES.includes(name))
  if (unknown !== undefined)
    throw badRequest(`a filter has no "${unknown}". It has: ${NAMES.join(', ')}.`, 400, { path: `filter.${unknown}` })
  return { state: filter['state'] as string, ...readFilter((name) => filter[name]) }
}
