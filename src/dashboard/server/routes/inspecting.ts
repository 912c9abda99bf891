import type { InspectTicket } from '../../shapes/inspect.ts'
import type { Board } from '../board.ts'
import { readMessage } from '../message-view.ts'
import type { Route } from '../route.ts'

/** For whoever looks at a message with an inspector. */
export const inspectingRoutes = ({ queues, store, tickets }: Board): Route[] => [
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
