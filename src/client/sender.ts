import { randomBytes } from 'node:crypto'
import type { QueueRuntime } from '../engine/runtime.ts'
import { DEFAULTS } from '../options.ts'
import { partitionOf } from '../store/keys.ts'
import type { EnqueueStatus, NewMessage, Partition } from '../store/store.ts'
import type { Outbox, SendStatus } from './outbox/outbox.ts'
import { queueFull } from './queue-full.ts'
import { writeConfirmed, type Written } from './confirmed.ts'

/** What became of a message that was not refused. */
type StoredStatus = Extract<SendStatus, string>

/** Sends messages; those of one tick travel together. */
export interface Sender {
  /** @throws RedriveError `E_QUEUE_FULL`, and what the store throws. */
  send(message: NewMessage, size: number): Promise<Written<StoredStatus>>
}

interface Waiting {
  readonly message: NewMessage
  readonly size: number
  resolve(written: Written<StoredStatus>): void
  reject(error: unknown): void
}

/** Redis runs nothing else while a script runs: so a batch is bounded by count and by bytes. */
const MAX_BYTES = 1024 * 1024

/** @param outbox where what cannot be sent is kept, if anywhere */
export function createSender(queue: QueueRuntime, outbox?: Outbox): Sender {
  const waiting = new Map<number, Waiting[]>()
  let scheduled = false

  function send(message: NewMessage, size: number): Promise<Written<StoredStatus>> {
    const { index } = partitionOf(queue.name, message.id, queue.partitions.length)
    return new Promise((resolve, reject) => {
      const batch = waiting.get(index) ?? []
      batch.push({ message, size, resolve, reject })
      waiting.set(index, batch)
      if (!scheduled) {
        scheduled = true
        setImmediate(flushAll)
      }
    })
  }

  function flushAll(): void {
    scheduled = false
    for (const [index, all] of waiting) {
      for (const batch of bounded(all)) void enqueue(queue.partitions[index]!, batch)
    }
    waiting.clear()
  }

  /** The token stays the same however often the driver sends the call again, so that nothing is stored twice. */
  async function enqueue(partition: Partition, batch: readonly Waiting[]): Promise<void> {
    try {
      const token = randomBytes(12).toString('base64url')
      const messages = batch.map(({ message }) => message)
      const direct = async (): Promise<Written<EnqueueStatus>[]> => {
        await queue.introduce('sender')
        return writeConfirmed(queue, (writes) => writes.enqueue(partition, token, messages, queue.settings.bounds))
      }
      const written = outbox
        ? await outbox.send({ ...whereabouts(partition), token, messages }, direct)
        : await direct()
      // What an outbox was given may be sent again by another process; a confirmed write is made again over another connection.
      if (!outbox && !queue.confirmer) queue.store.answered(partition, token).catch(() => {})
      batch.forEach((each, i) => settle(queue, each, written[i]!))
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  const whereabouts = ({ index }: Partition) => ({
    queue: queue.name,
    partition: index,
    partitions: queue.partitions.length,
    at: queue.clock.now(),
  })

  return { send }
}

function settle(queue: QueueRuntime, { message, resolve, reject }: Waiting, { status, ...rest }: Written<SendStatus>) {
  if (typeof status === 'string') resolve({ status, ...rest })
  else reject(queueFull(queue, message.id, status))
}

function* bounded(all: readonly Waiting[]): Generator<Waiting[]> {
  let batch: Waiting[] = []
  let bytes = 0
  for (const each of all) {
    if (batch.length === DEFAULTS.batch || (batch.length > 0 && bytes + each.size > MAX_BYTES)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(each)
    bytes += each.size
  }
  if (batch.length > 0) yield batch
}
