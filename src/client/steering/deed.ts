import { parseRef } from '../../engine/versions.ts'
import type { QueueRuntime } from '../../engine/runtime.ts'
import { takenIn } from '../../engine/taken-in.ts'
import { asError, hasCode, RedriveError } from '../../errors.ts'
import type { EventData, Message } from '../../message.ts'
import { DEFAULTS } from '../../options.ts'
import { partitionOf } from '../../store/keys.ts'
import { QUARANTINED } from '../../store/store.ts'
import type { Signals } from '../signals.ts'
import type { See } from './error-facts.ts'
import { matches } from './message-filter.ts'
import type { CheckedRequest } from './operation-request.ts'
import { asMessage } from './select.ts'

/** What became of one message of an operation. */
export interface OperationOutcome {
  readonly id: string
  /** `skipped`: it is not as it was asked for any more, or never was. */
  readonly status: 'done' | 'skipped' | 'failed'
  /** Why it was skipped. */
  readonly why?: string
  readonly error?: Error
}

/** Does to one message what an operation is about, if the message is still what the operation is about. */
export type Deed = (id: string) => Promise<OperationOutcome>

/** @throws from the deed: RedriveError `E_REDIS_UNAVAILABLE`; all else is an outcome. */
export function createDeed(
  queue: QueueRuntime,
  signals: Signals,
  operation: string,
  request: CheckedRequest,
  { see, now }: { readonly see: See; readonly now: number },
): Deed {
  const { store, name, partitions } = queue
  const { action, sends } = request
  const place = (id: string) => partitionOf(name, id, partitions.length)

  async function act(id: string): Promise<string | undefined> {
    if (action === 'release') return told(await signals.release(id))
    if (action === 'redrive') return told(await signals.redrive(id, { eventId: operation }))
    // The id of the operation makes it once, however often it is tried.
    if (sends) return told(await signals.signal(id, sends, { eventId: operation }))
    const status = await store.discard(place(id), { id, token: '', operation, keepFor: DEFAULTS.undoFor })
    if (status === 'removed') return undefined
    return status === 'locked' ? 'a worker has it' : 'it is gone'
  }

  return async (id) => {
    try {
      const [listed] = await store.read(place(id), [id])
      if (!listed) return { id, status: 'skipped', why: 'it is gone' }
      const message = asMessage(queue, listed)
      const changed = request.filter !== undefined && !matches(request.filter, message, now, see)
      const why = changed ? 'it has changed' : (hindrance(queue, message, request) ?? (await act(id)))
      return why === undefined ? { id, status: 'done' } : { id, status: 'skipped', why }
    } catch (error) {
      if (hasCode(error, 'E_REDIS_UNAVAILABLE', 'E_CLOSED')) throw error
      return { id, status: 'failed', error: asError(error) }
    }
  }
}

const told = ({ status }: { readonly status: string }): string | undefined =>
  status === 'settled' ? 'it is finished' : undefined

/** Why it would do nothing. @throws RedriveError `E_UNKNOWN_MACHINE` where this process cannot know. */
function hindrance(queue: QueueRuntime, message: Message, { action, sends }: CheckedRequest): string | undefined {
  const aside = message.state === QUARANTINED
  if (action === 'release') return aside ? undefined : 'it is not in quarantine'
  if (!sends) return undefined
  if (action === 'redrive' && message.failedIn) return undefined
  if (message.status !== 'active') return 'it is finished'
  if (aside) return 'it is in quarantine'
  return isFor(queue, message, sends) ? undefined : `${sends.type} does nothing in ${message.state}`
}

function isFor({ machine }: QueueRuntime, { id, state, machine: ref }: Message, { type }: EventData): boolean {
  if (parseRef(ref).id !== machine.id) {
    const text = `"${id}" is of ${ref}, which this process does not have: open the queue with its machine.`
    throw new RedriveError('E_UNKNOWN_MACHINE', text, { id, machine: ref })
  }
  // A state of another version: its workers know.
  return takenIn(machine, state, type) ?? true
}
