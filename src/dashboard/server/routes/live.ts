import { toInteger } from '../../../options.ts'
import type { Board } from '../board.ts'
import { eventStream } from '../live/event-stream.ts'
import type { Route } from '../route.ts'

export const liveRoutes = ({ queues, monitors }: Board): Route[] => [
  {
    method: 'GET',
    path: 'queues/:q/live',
    action: 'read',
    summary:
      'Server-sent events: "tick" each second, and "flow" with a sample of the transitions up to four times a second',
    answer: { type: 'text/event-stream' },
    async handle({ params, signal }) {
      return eventStream(monitors.of(await queues.get(params['q'] ?? '')), signal)
    },
  },
  {
    method: 'GET',
    path: 'queues/:q/history',
    action: 'read',
    summary: 'Throughput and lag, second by second, for as long as somebody has looked',
    query: { minutes: 'How far back, 1 to 60. Default 15' },
    async handle({ params, query }) {
      const minutes = toInteger(Number(query.get('minutes') ?? 15), 'minutes', { min: 1, max: 60 })
      const { history } = monitors.of(await queues.get(params['q'] ?? ''))
      return { points: history.lastMinutes(minutes) }
    },
  },
]
