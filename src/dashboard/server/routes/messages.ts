import { toInteger } from '../../../options.ts'
import type { Member } from '../../../store/lookout.ts'
import type { Board } from '../board.ts'
import { badRequest } from '../failure.ts'
import { byEntry } from '../by-entry.ts'
import { checkFilter, isPlain, matches, type MessageFilter } from '../../../client/steering/message-filter.ts'
import { readFilter } from '../message-filter.ts'
import { messageRow } from '../message-row.ts'
import type { MessagePage, MessageRow } from '../../shapes/messages.ts'
import { asMessage, messageView, readMessage } from '../message-view.ts'
import type { Route } from '../route.ts'
import { cursorText, readCursor, walk, type Walked } from '../walk.ts'
import type { BoardQueue } from '../queue-book.ts'

/** Messages that one call examines at most. */
export const EXAMINED = 5000

const FILTERS = {
  errorName: 'Only those whose last error has this name',
  errorCode: 'Only those whose last error has this code',
  errorFingerprint: 'Only those whose last error has this fingerprint',
  minAttempts: 'Only those with at least so many attempts',
  maxAttempts: 'Only those with at most so many',
  minAgeMs: 'Only those that have been in the state for so many milliseconds',
  maxAgeMs: 'Only those that have not been in it for longer',
  idPrefix: 'Only those whose id begins so',
  field: 'A path in the payload, such as to.city; only those where it has the value of equals',
  equals: 'A JSON value',
}

export const messageRoutes = (board: Board): Route[] => [
  {
    method: 'GET',
    path: 'queues/:q/messages',
    action: 'read',
    summary: 'Messages of a state, page by page',
    query: {
      state: 'A stored state, one of its parts, or a state that has others within it',
      order: 'due (default): by the time at which they need a worker; entered: by the time at which they came',
      direction: 'asc (default) or desc',
      limit: '1 to 500. Default 50',
      cursor: 'The "next" of the page before',
      ...FILTERS,
    },
    async handle({ params, query }) {
      const queue = await board.queues.get(params['q'] ?? '')
      return list(board, queue, readList(query))
    },
  },
  {
    method: 'GET',
    path: 'queues/:q/messages/:id',
    action: 'read',
    summary: 'One message, with its journal and how it lies in Redis',
    async handle({ params }) {
      const queue = await board.queues.get(params['q'] ?? '')
      const found = await readMessage(board.store, queue, params['id'] ?? '')
      const { prefix, clock } = board.inside
      const hides = board.settings.redact !== undefined
      return { at: clock.now(), ...messageView(queue, found, board.show, prefix, hides) }
    },
  },
]

interface List {
  readonly order: 'due' | 'entered'
  readonly newestFirst: boolean
  readonly limit: number
  readonly cursor: string | undefined
  readonly filter: MessageFilter
}

function readList(query: URLSearchParams): List {
  const oneOf = <T extends string>(name: string, values: readonly [T, ...T[]]): T => {
    const given = query.get(name) ?? values[0]
    const found = values.find((value) => value === given)
    if (found !== undefined) return found
    throw badRequest(`${name} must be ${values.join(' or ')}.`, 400, { path: name })
  }
  return {
    order: oneOf('order', ['due', 'entered']),
    newestFirst: oneOf('direction', ['asc', 'desc']) === 'desc',
    limit: toInteger(Number(query.get('limit') ?? 50), 'limit', { min: 1, max: 500 }),
    cursor: query.get('cursor') ?? undefined,
    filter: checkFilter({ state: stateIn(query), ...readFilter((name) => query.get(name)) }),
  }
}

function stateIn(query: URLSearchParams): string {
  const state = query.get('state')
  if (state) return state
  throw badRequest('say which state: ?state=dead. The queue in api/v1/overview has those in use.', 400, {
    path: 'state',
  })
}

async function list({ store, inside, show }: Board, queue: BoardQueue, asked: List): Promise<MessagePage> {
  const { newestFirst, limit, cursor, filter } = asked
  const { state } = filter
  const after = cursor === undefined ? undefined : readCursor(cursor)
  const walked: Walked = { examined: 0, complete: false, last: undefined }
  const sorted = asked.order === 'entered' && !(await isByEntry(store, queue, state))
  const options = { state, newestFirst, idPrefix: filter.idPrefix, most: EXAMINED, page: 100 }
  const found = sorted
    ? byEntry(walk(store, queue, { ...options, after: undefined }, walked), after, newestFirst)
    : walk(store, queue, { ...options, after, page: pageOf(limit, filter) }, walked)
  const now = inside.clock.now()
  const items: MessageRow[] = []
  let last: Member | undefined
  let more = false
  for await (const each of found) {
    const message = asMessage(queue, each)
    if (!matches(filter, message, now, show)) continue
    more = items.length === limit
    if (more) break
    items.push(messageRow(message, show))
    last = each.place
  }
  // Where the examination ended for its length, it goes on behind the last one that was examined, whether it matched or not.
  const next = more ? last : walked.complete || sorted ? undefined : walked.last
  return {
    at: now,
    items,
    next: next ? cursorText(next) : null,
    examined: walked.examined,
    complete: walked.complete && !more,
  }
}

/** One more than is shown, so that the end is seen with the last page; a filter passes over many. */
const pageOf = (limit: number, filter: MessageFilter): number => (isPlain(filter) ? limit + 1 : Math.max(100, limit))

/** Messages that wait for an event alone stand in the order in which they came. */
async function isByEntry(store: Board['store'], { partitions }: BoardQueue, state: string): Promise<boolean> {
  const surveys = await Promise.all(partitions.map((partition) => store.survey(partition)))
  return surveys.every(({ states }) => (states.get(state)?.next ?? null) === null && states.has(state))
}
