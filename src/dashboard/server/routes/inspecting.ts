import type { InspectTicket } from '../../shapes/inspect.ts'
import type { Board } from '../board.ts'
import { badRequest } from '../failure.ts'
import { readMessage } from '../message-view.ts'
import type { Route } from '../route.ts'

/** What the socket of the inspector is asked for, and the answer to whom no upgrade has come with the request. */
export const inspectRoute: Route = {
  method: 'GET',
  path: 'inspect',
  action: 'read',
  summary: 'To be upgraded to a WebSocket: the wire of @statelyai/inspect',
  query: {
    queue: 'The queue to watch',
    id: 'One message of it, and its children. Default: those that wait or move',
    role: 'viewer (default) receives; source sends',
    token: 'Instead of the header Authorization',
    ticket: 'Instead of both, for one connection of a viewer',
  },
  handle: () => {
    throw badRequest(
      'here is a WebSocket, and this request does not ask for one: a proxy took its Upgrade away, or the server lacks server.on("upgrade", upgrade).',
    )
  },
}

/** For whoever looks at a message with an inspector. */
export const inspectingRoutes = ({ queues, store, tickets }: Board): Route[] => [
  inspectRoute,
  {
    method: 'POST',
    path: 'queues/:q/messages/:id/inspect-ticket',
    action: 'read',
    summary: 'A ticket that stands for the token in one connection of an inspector within the next minute',
    body: {},
    async handle({ params: { q = '', id = '' } }) {
      await readMessage(store, await queues.get(q), id)
      const given: InspectTicket = { ticket: tickets.give({ queue: q, id }) }
      return given
    },
  },
]
