import { mergeSurveys } from '../live/tick.ts'
import { asMessage } from '../message-view.ts'
import type { QueueVersions } from '../../shapes/versions.ts'
import type { Board } from '../board.ts'
import type { BoardQueue } from '../queue-book.ts'
import type { Route } from '../route.ts'
import { walk, type Walked } from '../walk.ts'
import { QUARANTINED } from '../../../store/store.ts'
import type { PopulationGroup } from '../../../engine/population.ts'

/** Messages looked at in each state of a queue whose machine is not known. */
const EXAMINED = 2000
/** Quarantined messages that are shown of each queue. */
const SHOWN = 100
/** Every message is read for this, so it is not done more often than this many milliseconds. */
const FRESH = 15_000

export function versionRoutes(board: Board): Route[] {
  let last: { readonly at: number; readonly answer: Promise<QueueVersions[]> } | undefined

  /** Whoever asks meanwhile gets the same answer. */
  function all(): Promise<QueueVersions[]> {
    const now = performance.now()
    if (last && now - last.at < FRESH) return last.answer
    const answer = board.queues.all().then((queues) => Promise.all(queues.map((queue) => versionsOf(board, queue))))
    last = { at: now, answer }
    answer.catch(() => {
      last = undefined
    })
    return answer
  }

  return [
    {
      method: 'GET',
      path: 'versions',
      action: 'read',
      summary:
        'The versions of machines that messages are in, those that the code here does not fit, and those put aside',
      handle: async () => ({ queues: await all() }),
    },
  ]
}

async function versionsOf(board: Board, queue: BoardQueue): Promise<QueueVersions> {
  const [arrivals, quarantined] = await Promise.all([board.store.arrive(queue.name, []), asideOf(board, queue)])
  const groups = queue.known ? (await queue.known.queue.population()).groups : await groupsOf(board, queue)
  const refs = new Set([...arrivals.keys(), ...groups.map(({ machine }) => machine)])
  return {
    queue: queue.name,
    current: queue.ref ?? null,
    known: queue.known !== undefined,
    versions: [...refs].map((ref) => versionOf(ref, arrivals.get(ref), groups)),
    drift: groups.flatMap(driftOf),
    moves: groups.flatMap(moveOf),
    quarantined,
  }
}

/** Where no machine is known, it can at least be told how many messages of which version there are; of very many, how many of the first. */
async function groupsOf({ store }: Board, queue: BoardQueue): Promise<PopulationGroup[]> {
  const groups = new Map<string, PopulationGroup>()
  const { states } = mergeSurveys(await Promise.all(queue.partitions.map((partition) => store.survey(partition))))
  for (const state of states.keys()) {
    const walked: Walked = { examined: 0, complete: false, last: undefined }
    for await (const found of walk(store, queue, { state, newestFirst: false, most: EXAMINED, page: 100 }, walked)) {
      const { machine, status, id } = asMessage(queue, found)
      const fate = status === 'active' ? 'left' : 'finished'
      const key = JSON.stringify([machine, state, fate])
      const count = (groups.get(key)?.count ?? 0) + 1
      groups.set(key, { machine, state, fate, count, begins: {}, ends: {}, keeps: {}, reasons: [], example: id })
    }
  }
  return [...groups.values()]
}

function versionOf(
  ref: string,
  arrivedAt: number | undefined,
  all: readonly PopulationGroup[],
): QueueVersions['versions'][number] {
  const groups = all.filter(({ machine }) => machine === ref)
  const sum = (some: readonly PopulationGroup[], name: (group: PopulationGroup) => string): Record<string, number> => {
    const counts = new Map<string, number>()
    for (const group of some) counts.set(name(group), (counts.get(name(group)) ?? 0) + group.count)
    return Object.fromEntries(counts)
  }
  const fate = sum(groups, (group) => group.fate)
  const finished = fate['finished'] ?? 0
  return {
    ref,
    arrivedAt: arrivedAt ?? null,
    live: groups.reduce((total, { count }) => total + count, 0) - finished,
    finished,
    states: sum(groups, ({ state }) => state),
    fate,
  }
}

/** Messages that a worker of this process would move, with what becomes of their timers and invocations. */
function moveOf({ fate, machine, state, to, count, begins, ends, keeps }: PopulationGroup): QueueVersions['moves'] {
  return fate === 'moves' ? [{ ref: machine, state, to: to ?? state, count, begins, ends, keeps }] : []
}

/** Messages that nothing here fits, on their way or put aside already. */
function driftOf({ machine, state, fate, count, reasons, example }: PopulationGroup): QueueVersions['drift'] {
  if (fate !== 'orphaned' && fate !== 'stuck') return []
  if (reasons.length === 0) return [{ ref: machine, state, fate, count, example, reason: fate }]
  return reasons.map((each) => ({ ref: machine, state, fate, ...each }))
}

async function asideOf({ store, show }: Board, queue: BoardQueue): Promise<QueueVersions['quarantined']> {
  const walked: Walked = { examined: 0, complete: false, last: undefined }
  const found: QueueVersions['quarantined'][number][] = []
  for await (const each of walk(
    store,
    queue,
    { state: QUARANTINED, newestFirst: true, most: SHOWN, page: SHOWN },
    walked,
  )) {
    const { id, quarantine, enteredAt } = asMessage(queue, each)
    found.push({ id, reason: quarantine?.reason ?? '', event: show(quarantine?.event ?? null, 'event'), at: enteredAt })
  }
  return found
}
