import { checkId } from '../../../message.ts'
import { partitionOf } from '../../../store/keys.ts'
import type { Member } from '../../../store/lookout.ts'
import type { Board } from '../board.ts'
import { badRequest } from '../failure.ts'
import type { BoardQueue } from '../queue-book.ts'
import type { Found } from '../../shapes/overview.ts'
import type { Route } from '../route.ts'

/** Ids that a search looks at in each state of each partition, the newest ones. */
const EXAMINED = 20_000
const PAGE = 1000
const FOUND = 50

export const searchRoutes = (board: Board): Route[] => [
  {
    method: 'GET',
    path: 'search',
    action: 'read',
    summary: 'Messages of all queues by their id, or its beginning',
    query: { id: 'An id, or its beginning' },
    async handle({ query }) {
      const id = query.get('id') ?? ''
      if (id === '') throw badRequest('say which id, or its beginning: ?id=order-17.', 400, { path: 'id' })
      checkId(id)
      const queues = await board.queues.all()
      const exact = (await Promise.all(queues.map((queue) => find(board, queue, id)))).flat()
      const hits = new Map(exact.map((hit) => [JSON.stringify([hit.queue, hit.id]), hit]))
      let complete = true
      for (const queue of queues) complete = (await begin(board, queue, id, hits)) && complete
      return { items: [...hits.values()].slice(0, FOUND), complete }
    },
  },
]

async function find({ store }: Board, { name, partitions }: BoardQueue, id: string): Promise<Found[]> {
  const [found] = await store.read(partitionOf(name, id, partitions.length), [id])
  return found ? [{ queue: name, id, state: found.message.state }] : []
}

/** Adds the messages whose id begins so. Returns whether all were looked at. */
async function begin(
  { store }: Board,
  { name, partitions }: BoardQueue,
  prefix: string,
  hits: Map<string, Found>,
): Promise<boolean> {
  let complete = true
  for (const partition of partitions) {
    const { states } = await store.stats(partition)
    for (const [state] of states) {
      let after: Member | undefined
      for (let examined = 0; ; examined += PAGE) {
        if (hits.size >= FOUND) return false
        if (examined >= EXAMINED) complete = false
        if (examined >= EXAMINED) break
        const members = await store.members(partition, { state, after, limit: PAGE, newestFirst: true })
        for (const { id } of members)
          if (id.startsWith(prefix)) hits.set(JSON.stringify([name, id]), { queue: name, id, state })
        after = members.at(-1)
        if (members.length < PAGE) break
      }
    }
  }
  return complete
}
