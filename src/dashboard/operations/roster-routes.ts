import { readAudit } from '../../client/steering/audit.ts'
import { readRoster, type WorkerReport } from '../../engine/roster.ts'
import type { Board } from '../server/board.ts'
import { badRequest } from '../server/failure.ts'
import type { Route } from '../server/route.ts'
import { storeTime } from './store-time.ts'

const MOST = 1000

/** Who works, and who did what. */
export const rosterRoutes = (board: Board): Route[] => [
  {
    method: 'GET',
    path: 'workers',
    action: 'read',
    summary: 'The workers of all queues that were heard of within the last ten seconds',
    handle: () => workers(board),
  },
  {
    method: 'GET',
    path: 'audit',
    action: 'read',
    summary: 'What was done to queues and by whom, the newest first',
    query: { limit: `How many, up to ${MOST}. Default 100` },
    async handle({ query }) {
      const limit = Number(query.get('limit') ?? 100)
      if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
        throw badRequest(`limit must be a whole number from 1 to ${MOST}.`, 400, { path: 'limit' })
      return { items: (await board.inside.store.records(limit)).map(readAudit) }
    },
  },
]

async function workers(board: Board): Promise<object> {
  const [queues, at] = await Promise.all([board.queues.all(), storeTime(board)])
  const items = await Promise.all(queues.map(({ name }) => workersOf(board, name, at)))
  return { at, items: items.flat() }
}

async function workersOf({ inside }: Board, queue: string, now: number): Promise<readonly WorkerReport[]> {
  return readRoster(await inside.store.reports(queue), now).present
}
