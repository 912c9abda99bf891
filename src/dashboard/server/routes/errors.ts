import type { Board } from '../board.ts'
import { errorFacts } from '../../../client/steering/error-facts.ts'
import type { ErrorGroup } from '../../shapes/messages.ts'
import { asMessage } from '../message-view.ts'
import type { Route } from '../route.ts'
import { walk, type Walked } from '../walk.ts'
import { EXAMINED } from './messages.ts'

export const errorRoutes = ({ queues, store, show }: Board): Route[] => [
  {
    method: 'GET',
    path: 'queues/:q/errors',
    action: 'read',
    summary: 'The errors of a state, those alike together, the most frequent first',
    query: { state: 'Default dead' },
    async handle({ params, query }) {
      const queue = await queues.get(params['q'] ?? '')
      const walked: Walked = { examined: 0, complete: false, last: undefined }
      const groups = new Map<string, ErrorGroup>()
      const options = { state: query.get('state') ?? 'dead', newestFirst: true, most: EXAMINED, page: 100 }
      for await (const found of walk(store, queue, options, walked)) {
        const error = errorFacts(asMessage(queue, found), show)
        if (!error) continue
        const { count, example } = groups.get(error.fingerprint) ?? { count: 0, example: found.message.id }
        groups.set(error.fingerprint, { ...error, count: count + 1, example })
      }
      const { examined, complete } = walked
      return { groups: [...groups.values()].toSorted((a, b) => b.count - a.count), examined, complete }
    },
  },
]
