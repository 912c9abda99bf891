import { isReleased } from '../engine/claimed.ts'
import { storeToSee } from '../engine/redacted-store.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import { RedriveError } from '../errors.ts'
import { partitionOf } from '../store/keys.ts'
import { QUARANTINED } from '../store/store.ts'
import { toMessage } from './reader.ts'

/**
 * An event waits in quarantine until somebody releases the message; one whose release waits too is about to take it.
 * @throws RedriveError `E_QUARANTINED`
 */
export async function refuseInQuarantine(queue: QueueRuntime, id: string): Promise<void> {
  const partition = partitionOf(queue.name, id, queue.partitions.length)
  const [found] = await storeToSee(queue).read(partition, [id])
  if (found?.message.state !== QUARANTINED || isReleased(found.message.inbox)) return
  const { quarantine } = toMessage(queue.name, found.message, null, queue.machine.tags)
  const reason = quarantine?.reason.replace(/[.]$/, '') ?? 'its reason is not known'
  throw new RedriveError(
    'E_QUARANTINED',
    `"${id}" is in quarantine: ${reason}. The event was delivered, and is taken when the message is released: redrive release ${queue.name} ${id}, or queue.release("${id}").`,
    { id, reason },
  )
}
