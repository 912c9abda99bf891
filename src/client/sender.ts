import { randomBytes } from 'node:crypto'
import type { QueueRuntime } from '../engine/runtime.ts'
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
  send(message: NewMessage, size: number): Promise<Written<StoredStatus> & { readonly id: string }>
}

interface Waiting {
  readonly message: NewMessage
  readonly size: number
  resolve(written: Written<StoredStatus> & { readonly id: string }): void
  reject(error: unknown): void
}

/** A lane holds what waits for one partition, and counts the calls that are under way to it. */
interface Lane {
  readonly partition: Partition
  waiting: Waiting[]
  busy: number
}

/** Redis runs nothing else while a script runs: so a batch is bounded by count and by bytes. */
const MAX_BYTES = 1024 * 1024
/** Messages of one call. Several small calls overlap with the server's work; many messages at once travel in larger ones. */
const BATCH = 32
const BULK = 250
/** Calls under way for a partition: as many as keep the server busy while their answers are worked on. */
const LANES = 4

/** @param outbox where what cannot be sent is kept, if anywhere */
export function createSender(queue: QueueRuntime, outbox?: Outbox): Sender {
  const lanes = queue.partitions.map((partition): Lane => ({ partition, waiting: [], busy: 0 }))
  let scheduled = false

  function send(message: NewMessage, size: number): ReturnType<Sender['send']> {
    const lane = lanes.length === 1 ? lanes[0]! : lanes[partitionOf(queue.name, message.id, lanes.length).index]!
    return new Promise((resolve, reject) => {
      lane.waiting.push({ message, size, resolve, reject })
      if (scheduled) return
      scheduled = true
      // After what the caller does now, so that all of it travels together; no later, for each turn of the loop is latency.
      queueMicrotask(flushAll)
    })
  }

  function flushAll(): void {
    scheduled = false
    for (const lane of lanes) drain(lane)
  }

  function drain(lane: Lane): void {
    while (lane.waiting.length > 0 && lane.busy < LANES) {
      const batch = nextBatch(lane)
      lane.busy++
      void enqueue(lane.partition, batch).then(() => {
        lane.busy--
        drain(lane)
      })
    }
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
      for (let i = 0; i < batch.length; i++) settle(queue, batch[i]!, written[i]!)
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

function settle(queue: QueueRuntime, { message, resolve, reject }: Waiting, written: Written<SendStatus>) {
  const { status } = written
  if (typeof status !== 'string') reject(queueFull(queue, message.id, status))
  else if (written.confirmed === undefined) resolve({ id: message.id, status })
  else resolve({ id: message.id, status, confirmed: written.confirmed })
}

/** Takes the next batch off a lane. */
function nextBatch(lane: Lane): Waiting[] {
  const { waiting } = lane
  const most = Math.min(waiting.length, waiting.length > BULK ? BULK : BATCH)
  let bytes = 0
  let count = 0
  while (count < most && (count === 0 || bytes + waiting[count]!.size <= MAX_BYTES)) bytes += waiting[count++]!.size
  if (count === waiting.length) lane.waiting = []
  return count === waiting.length ? waiting : waiting.splice(0, count)
}
