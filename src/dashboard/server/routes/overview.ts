import { failureAnswer } from '../failure.ts'
import type { Overview, QueueOverview } from '../../shapes/overview.ts'
import type { Board } from '../board.ts'
import { isSettled, lagOf, mergeSurveys } from '../live/tick.ts'
import type { BoardQueue } from '../queue-book.ts'
import type { Route } from '../route.ts'
import { VERSION } from '../../../version.ts'
import { hasCode } from '../../../errors.ts'
import { QUARANTINED } from '../../../store/store.ts'

export const overviewRoutes = (board: Board): Route[] => [
  {
    method: 'GET',
    path: 'overview',
    action: 'read',
    summary: 'The server and all queues, with the population of every state',
    handle: () => overview(board),
  },
]

/** The one answer that is given while Redis is away too, because the app begins with it. */
async function overview(board: Board): Promise<Overview> {
  const { readOnly } = board.settings
  try {
    const [queues, server] = await Promise.all([allQueues(board), serverFacts(board)])
    const at = Math.max(0, ...queues.map(({ now }) => now)) || board.inside.clock.now()
    return { at, readOnly, version: VERSION, redis: server, queues: queues.map(({ facts }) => facts) }
  } catch (error) {
    if (!hasCode(error, 'E_REDIS_UNAVAILABLE', 'E_REDIS_AUTH')) throw error
    const reason = failureAnswer(error).body.error.message
    return { at: board.inside.clock.now(), readOnly, version: VERSION, redis: { up: false, reason }, queues: [] }
  }
}

async function serverFacts({ store, inside }: Board): Promise<Overview['redis']> {
  const [facts, reading] = await Promise.all([inside.connected(), store.server()])
  return {
    up: true,
    description: facts.description,
    ...(reading ? { memory: reading.memory, latencyMs: Math.round(reading.latencyMs * 100) / 100 } : {}),
  }
}

async function allQueues(board: Board) {
  const queues = await board.queues.all()
  return Promise.all(queues.map((queue) => queueFacts(board, queue)))
}

async function queueFacts(board: Board, { name, partitions, ref, known }: BoardQueue) {
  const [surveys, { paused = false }] = await Promise.all([
    Promise.all(partitions.map((partition) => board.store.survey(partition))),
    board.monitors.extras(name),
  ])
  const survey = mergeSurveys(surveys)
  const states = [...survey.states].filter(([, { count }]) => count > 0).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const settledIn = (state: string): boolean => isSettled(state, known?.runtime.machine)
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
  const facts: QueueOverview = {
    name,
    partitions: partitions.length,
    machine: ref ?? null,
    known: known !== undefined,
    states: Object.fromEntries(states.map(([state, { count }]) => [state, count])),
    live: sum(states.map(([state, { count }]) => (settledIn(state) ? 0 : count))),
    settled: sum(states.map(([state, { count }]) => (settledIn(state) ? count : 0))),
    due: sum(states.map(([, { due }]) => due)),
    oldestDueMs: lagOf(survey),
    paused,
    quarantined: survey.states.get(QUARANTINED)?.count ?? 0,
  }
  return { now: survey.now, facts }
}
