import { readOperations, type OperationReport } from '../../client/steering/operation-report.ts'
import { RedriveError } from '../../errors.ts'
import { DEFAULTS } from '../../options.ts'
import type { Board } from '../server/board.ts'
import type { Operation as OperationView } from '../shapes/operations.ts'
import { storeTime } from './store-time.ts'

/** The operations of all processes, the newest first. */
export interface OperationBook {
  all(): Promise<OperationView[]>
  /** @throws RedriveError `E_NOT_FOUND` */
  get(id: string): Promise<OperationView>
  /** Its process hears of it within a second. @throws RedriveError `E_NOT_FOUND` */
  stop(id: string): Promise<OperationView>
  /** Resolves when what can be brought back is back. @throws RedriveError `E_NOT_FOUND`, `E_NOT_UNDOABLE` */
  undo(id: string, actor: string): Promise<OperationView>
}

export function createOperationBook(board: Board): OperationBook {
  const { store } = board.inside

  async function reports(): Promise<{ now: number; all: OperationReport[] }> {
    const now = await storeTime(board)
    return { now, all: await readOperations(store, now) }
  }

  async function find(id: string): Promise<{ report: OperationReport; now: number }> {
    const { now, all } = await reports()
    const report = all.find((each) => each.id === id)
    if (report) return { report, now }
    throw new RedriveError('E_NOT_FOUND', `there is no operation "${id}", or it is told of no more.`, { id })
  }

  async function get(id: string): Promise<OperationView> {
    const { report, now } = await find(id)
    return viewOf(report, now)
  }

  return {
    async all() {
      const { now, all } = await reports()
      return all.map((report) => viewOf(report, now))
    },
    get,
    async stop(id) {
      const { report, now } = await find(id)
      if (report.endedAt === null) await store.stopOperation(id)
      return viewOf(report, now)
    },
    async undo(id, actor) {
      const { report, now } = await find(id)
      const why = hindrance(report, now)
      if (why !== undefined) throw new RedriveError('E_NOT_UNDOABLE', `this operation cannot be undone: ${why}`, { id })
      const { queue } = await board.queues.known(report.queue)
      await queue.undo(id, { actor })
      return get(id)
    },
  }
}

function viewOf(report: OperationReport, now: number): OperationView {
  const { seenAt: _seenAt, undone: _undone, ...facts } = report
  const why = hindrance(report, now)
  return { ...facts, undo: why === undefined ? { possible: true } : { possible: false, why } }
}

/** Why it cannot be undone. */
function hindrance({ action, done, endedAt, undone }: OperationReport, now: number): string | undefined {
  if (action !== 'remove')
    return 'what was sent to a message cannot be taken back: its machine has moved on, and its handler may have run.'
  if (endedAt === null) return 'it has not ended yet.'
  if (undone) return 'it was undone already.'
  if (done === 0) return 'it has removed nothing.'
  if (now - endedAt < DEFAULTS.undoFor) return undefined
  return 'removed messages are kept for an hour, and that is over.'
}
