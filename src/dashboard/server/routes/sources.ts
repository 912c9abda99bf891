import type { Sources } from '../../shapes/inspect.ts'
import type { Board } from '../board.ts'
import type { RoomPlace } from '../inspect/rooms.ts'
import { eventStream, type Viewed } from '../live/event-stream.ts'
import { createMailbox } from '../live/mailbox.ts'
import type { Route } from '../route.ts'
import { createSourceBoard } from '../sources/source-board.ts'
import { createSourceCharts, type SourceCharts } from '../sources/source-charts.ts'

/** Milliseconds between two pictures of actors that change. */
const PACE = 250

/** Actors that run in programs of their own, beside a message. */
export function sourceRoutes(board: Board): Route[] {
  const charts = createSourceCharts()
  return [
    {
      method: 'GET',
      path: 'queues/:q/messages/:id/sources',
      action: 'read',
      summary: 'Server-sent events "sources": the actors that inspectors with role=source show beside this message',
      answer: { type: 'text/event-stream' },
      async handle({ params: { q = '', id = '' }, signal }) {
        await board.queues.get(q)
        return eventStream(viewSources(board, charts, { queue: q, id }), signal)
      },
    },
    {
      method: 'GET',
      path: 'queues/:q/messages/:id/source-charts/:definition',
      action: 'read',
      summary: 'The machine of such an actor, with coordinates',
      handle: async ({ params: { definition = '' } }) =>
        Response.json(await charts.chart(definition), { headers: { 'cache-control': 'private, max-age=3600' } }),
    },
  ]
}

/** All of them each time: whoever reads slowly misses pictures between, and never the last one. */
function viewSources({ rooms, inside }: Board, charts: SourceCharts, place: RoomPlace): Viewed {
  const mailbox = createMailbox()
  const sources = createSourceBoard(charts)
  let timer: NodeJS.Timeout | undefined
  let [told, id] = [-Infinity, 0]

  function tell(): void {
    clearTimeout(timer)
    timer = undefined
    told = performance.now()
    const data: Sources = { actors: sources.actors() }
    mailbox.put({ name: 'sources', id: ++id, data: JSON.stringify(data) })
  }
  const soon = (): void => {
    timer ??= setTimeout(tell, Math.max(0, told + PACE - performance.now()))
  }
  const end = (): void => mailbox.end()
  let leaveRoom = (): void => {}

  return {
    view() {
      leaveRoom = rooms.view(place, {
        tell(messages) {
          sources.take(messages)
          soon()
        },
        gone(source) {
          sources.gone(source)
          soon()
        },
      })
      inside.closed.addEventListener('abort', end, { once: true })
      tell()
      return mailbox
    },
    leave() {
      clearTimeout(timer)
      leaveRoom()
      inside.closed.removeEventListener('abort', end)
      end()
    },
  }
}
