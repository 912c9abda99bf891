import { asIfDeployed } from '../../../client/population.ts'
import { checkEvent } from '../../../engine/registry.ts'
import type { LiveMessage } from '../../../engine/snapshot.ts'
import type { EventData } from '../../../message.ts'
import type { DryRun, NextEvent } from '../../shapes/message.ts'
import { FAILED } from '../../../store/store.ts'
import type { Board } from '../board.ts'
import { badRequest } from '../failure.ts'
import { readMessage } from '../message-view.ts'
import { possibilities, refusalOf } from '../possibilities.ts'
import { awaken, effectsOf, rehearse, rehearseRedrive, type Rehearsed } from '../rehearsal.ts'
import type { Route } from '../route.ts'

/** What can become of a message. Guards of the machine are asked, and nothing is written. */
export const futureRoutes = (board: Board): Route[] => [
  {
    method: 'GET',
    path: 'queues/:q/messages/:id/next',
    action: 'read',
    summary: 'What can happen to a message next, and which guards say no',
    async handle({ params }) {
      const { message, redriven } = await awake(board, params)
      return { events: redriven ? [redriveOf(redriven)] : possibilities(message) }
    },
  },
  {
    method: 'POST',
    path: 'queues/:q/messages/:id/dry-run',
    action: 'read',
    summary: 'What an event would do to a message; writes nothing',
    body: { event: 'An object with a type' },
    async handle({ params, body }) {
      const { event } = await body()
      const { message, redriven } = await awake(board, params)
      const redrives = redriven !== undefined && isRedrive(event)
      const checked = redrives ? { type: 'REDRIVE' } : eventFor(message, event)
      const step = redrives ? redriven : rehearse(message, { type: 'event', event: checked })
      const { from, to, changed, error, advanced } = step
      const { show } = board
      const outcome: DryRun = {
        from,
        to,
        changed,
        ...(changed || error !== undefined ? {} : refusalOf(message, checked.type)),
        context: {
          before: show(message.snapshot.context, 'context'),
          after: show(advanced.message.snapshot.context, 'context'),
        },
        effects: changed ? (show(effectsOf(message, advanced), 'effects') as DryRun['effects']) : [],
        ...(error === undefined ? {} : { error }),
      }
      return outcome
    },
  },
]

async function awake(
  { queues, store, inside }: Board,
  { q = '', id = '' }: Readonly<Record<string, string>>,
): Promise<{ readonly message: LiveMessage; readonly redriven: Rehearsed | undefined }> {
  const [queue, { runtime }, arrivals] = await Promise.all([queues.get(q), queues.known(q), store.arrive(q, [])])
  const { message } = await readMessage(store, queue, id)
  // Whoever only looks must not announce a version that may never be deployed: workers of older ones would step back for it.
  const parts = { name: q, versions: asIfDeployed(runtime.versions, arrivals) }
  const now = inside.clock.now()
  return { message: awaken(parts, message, now), redriven: rehearseRedrive(parts, message, now) }
}

/** A message that failed hears of nothing; but it can be brought back. */
const redriveOf = ({ to, changed, error }: Rehearsed): NextEvent => ({
  type: 'redrive',
  kind: 'operation',
  possible: changed && to !== FAILED,
  ...(changed && to !== FAILED
    ? { target: to }
    : { blockedBy: error ?? 'the machine of this process does not fit it' }),
})

const isRedrive = (event: unknown): boolean =>
  typeof event === 'object' && event !== null && 'type' in event && event.type === 'REDRIVE'

function eventFor({ machine }: LiveMessage, event: unknown): EventData {
  if (typeof event !== 'object' || event === null)
    throw badRequest('event must be an object with a type, e.g. {"type":"APPROVE"}.', 400, { path: 'event' })
  checkEvent(machine, event as EventData)
  return event as EventData
}
