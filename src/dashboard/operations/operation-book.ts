import type { Queue } from '../../client/queue.ts'
import type { Operation } from '../../client/steering/operation.ts'
import type { Operation as OperationView } from '../shapes/operations.ts'
import { DEFAULTS } from '../../options.ts'
import { RedriveError } from '../../errors.ts'

/** The operations of this process, the newest first; what others did is in the audit. */
export interface OperationBook {
  add(
    begun: Pick<OperationView, 'action' | 'actor'> & { readonly queue: Queue; readonly operation: Operation },
  ): OperationView
  all(): OperationView[]
  /** @throws RedriveError `E_NOT_FOUND` */
  get(id: string): OperationView
  /** @throws RedriveError `E_NOT_FOUND` */
  stop(id: string): OperationView
  /** Resolves when what can be brought back is back. @throws RedriveError `E_NOT_FOUND`, `E_NOT_UNDOABLE` */
  undo(id: string, actor: string): Promise<OperationView>
}

interface Entry extends Pick<OperationView, 'action' | 'actor' | 'startedAt'> {
  readonly queue: Queue
  readonly operation: Operation
  endedAt: number | null
  undone: boolean
}

/** Ended ones that are kept. */
const KEPT = 100

export function createOperationBook(now: () => number): OperationBook {
  const entries = new Map<string, Entry>()

  function find(id: string): Entry {
    const entry = entries.get(id)
    if (entry) return entry
    throw new RedriveError('E_NOT_FOUND', `this dashboard has no operation "${id}".`, { id })
  }

  function tidy(): void {
    const ended = [...entries].filter(([, { endedAt }]) => endedAt !== null)
    for (const [id] of ended.slice(0, -KEPT)) entries.delete(id)
  }

  return {
    add({ queue, operation, action, actor }) {
      const entry: Entry = { queue, operation, action, actor, startedAt: now(), endedAt: null, undone: false }
      entries.set(operation.id, entry)
      void operation.finished.then(() => {
        entry.endedAt = now()
        tidy()
      })
      return viewOf(entry, now())
    },
    all: () => [...entries.values()].map((entry) => viewOf(entry, now())).toReversed(),
    get: (id) => viewOf(find(id), now()),
    stop(id) {
      const entry = find(id)
      entry.operation.stop()
      return viewOf(entry, now())
    },
    async undo(id, actor) {
      const entry = find(id)
      const why = hindrance(entry, now())
      if (why !== undefined) throw new RedriveError('E_NOT_UNDOABLE', `this operation cannot be undone: ${why}`, { id })
      entry.undone = true
      try {
        await entry.queue.undo(id, { actor })
      } catch (error) {
        entry.undone = false
        throw error
      }
      return viewOf(entry, now())
    },
  }
}

function viewOf(entry: Entry, now: number): OperationView {
  const { operation, queue, action, actor, startedAt, endedAt } = entry
  const { matching, done, skipped, failed, state, error } = operation.progress
  const why = hindrance(entry, now)
  return {
    id: operation.id,
    queue: queue.name,
    action,
    actor,
    startedAt,
    endedAt,
    state,
    matching,
    done,
    skipped,
    failed,
    ...(error ? { error: factsOf(error) } : {}),
    undo: why === undefined ? { possible: true } : { possible: false, why },
  }
}

function factsOf(error: Error): { code?: string; message: string } {
  return { ...(error instanceof RedriveError ? { code: error.code } : {}), message: error.message }
}

/** Why it cannot be undone. */
function hindrance({ action, operation, endedAt, undone }: Entry, now: number): string | undefined {
  if (action !== 'remove')
    return 'what was sent to a message cannot be taken back: its machine has moved on, and its handler may have run.'
  if (endedAt === null) return 'it has not ended yet.'
  if (undone) return 'it was undone already.'
  if (operation.progress.done === 0) return 'it has removed nothing.'
  if (now - endedAt < DEFAULTS.undoFor) return undefined
  return 'removed messages are kept for an hour, and that is over.'
}
