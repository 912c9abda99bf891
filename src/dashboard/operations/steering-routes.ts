import { createAuditor } from '../../client/steering/audit.ts'
import { isPaused, steerPause } from '../../client/steering/pausing.ts'
import { hasCode } from '../../errors.ts'
import type { Board } from '../server/board.ts'
import { badRequest } from '../server/failure.ts'
import type { Call, Route } from '../server/route.ts'

/** How long a request waits for a worker to write an edit, in milliseconds. */
const PATIENCE = 2000

export const steeringRoutes = (board: Board): Route[] => [
  {
    method: 'POST',
    path: 'queues/:q/pause',
    action: 'pause',
    summary: 'Lets workers claim nothing more; what they have begun they end',
    body: {},
    handle: (call) => steer(board, call, true),
  },
  {
    method: 'POST',
    path: 'queues/:q/resume',
    action: 'resume',
    summary: 'Lets a paused queue go on',
    body: {},
    handle: (call) => steer(board, call, false),
  },
  {
    method: 'POST',
    path: 'queues/:q/messages/:id/input',
    action: 'edit',
    summary: 'Gives a message that is dead or in quarantine another input; the one that was sent is kept',
    body: { input: 'What the handler is to get' },
    handle: (call) => edit(board, call),
  },
]

/** Without its machine: a queue must be paused also from where nobody has that. */
async function steer({ queues, inside }: Board, { params, actor }: Call, paused: boolean): Promise<object> {
  const { name, partitions } = await queues.get(params['q'] ?? '')
  const parts = { store: inside.store, partitions, auditor: createAuditor(inside.store, name, actor) }
  await steerPause(parts, paused, { actor })
  return { paused: await isPaused(parts) }
}

async function edit(board: Board, { params: { q = '', id = '' }, body, actor }: Call): Promise<object> {
  const given = await body()
  if (!('input' in given)) throw badRequest('give the new "input".', 400, { path: 'input' })
  const { queue } = await board.queues.known(q)
  await board.store.queues()
  const { status, previous } = await queue.edit(id, given['input'], { actor, wait: PATIENCE }).catch(late)
  return { id, status, previous: board.show(previous, 'input') }

  /** No worker has come to it yet; it waits for one. */
  async function late(error: unknown): Promise<{ status: string; previous: unknown }> {
    if (!hasCode(error, 'E_TIMEOUT')) throw error
    return { status: 'delivered', previous: (await queue.get(id))?.input }
  }
}
