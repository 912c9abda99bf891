import { randomBytes } from 'node:crypto'
import type { QueueRuntime } from '../engine/runtime.ts'
import { DEFAULTS } from '../options.ts'
import { partitionOf } from '../store/keys.ts'
import type { Delivery, DeliveryStatus } from '../store/store.ts'
import { writeConfirmed, type Written } from './confirmed.ts'

/** Delivers events in the order in which they were given, however long their checks take. */
export interface Signaller {
  /** `delivery` may still be a promise: what comes later waits for it, and passes it when it is rejected. */
  deliver(id: string, delivery: Promise<Delivery>): Promise<Written<DeliveryStatus>>
}

/** What is needed of a queue to find its messages. */
export type SignalledQueue = Pick<QueueRuntime, 'name' | 'partitions' | 'store' | 'confirmer' | 'ready'>

interface Waiting {
  readonly delivery: Promise<Delivery>
  resolve(written: Written<DeliveryStatus>): void
  reject(error: unknown): void
}

/** One call at a time for each partition: a second one could overtake the first when that is sent again after a broken connection. */
export function createSignaller(queue: SignalledQueue): Signaller {
  const lanes = new Map<number, { waiting: Waiting[]; busy: boolean }>()

  async function drain(index: number, lane: { waiting: Waiting[]; busy: boolean }): Promise<void> {
    lane.busy = true
    while (lane.waiting.length > 0) await send(index, lane.waiting.splice(0, DEFAULTS.batch))
    lane.busy = false
  }

  async function send(index: number, batch: readonly Waiting[]): Promise<void> {
    const checked = await Promise.allSettled(batch.map(({ delivery }) => delivery))
    const good = batch.filter((_, i) => checked[i]!.status === 'fulfilled')
    checked.forEach((result, i) => {
      if (result.status === 'rejected') batch[i]!.reject(result.reason)
    })
    const deliveries = checked.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    if (deliveries.length === 0) return
    try {
      await queue.ready()
      const token = randomBytes(12).toString('base64url')
      const partition = queue.partitions[index]!
      const written = await writeConfirmed(queue, (writes) => writes.deliver(partition, token, deliveries))
      if (!queue.confirmer) queue.store.answered(partition, token).catch(() => {})
      good.forEach(({ resolve }, i) => resolve(written[i]!))
    } catch (error) {
      for (const { reject } of good) reject(error)
    }
  }

  return {
    deliver(id, delivery) {
      const { index } = partitionOf(queue.name, id, queue.partitions.length)
      const lane = lanes.get(index) ?? { waiting: [], busy: false }
      lanes.set(index, lane)
      return new Promise((resolve, reject) => {
        lane.waiting.push({ delivery, resolve, reject })
        if (!lane.busy) void drain(index, lane)
      })
    },
  }
}
