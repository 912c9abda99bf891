import type { QueueRuntime } from '../engine/runtime.ts'
import type { QuorumLock } from '../lock/quorum.ts'
import type { Beat, Partition } from '../store/store.ts'
import { DEFAULTS } from '../options.ts'
import { repeat } from '../timer/repeat.ts'

/** A message whose lease is to be kept. */
export interface LeaseHolder {
  readonly partition: Partition
  /** What to renew, or `undefined` while a commit is about to renew it anyway. */
  beat(): Beat | undefined
  /** The clock reading until which the lease is known to last. */
  readonly leaseUntil: number
  /** The lease was renewed, and this progress was told with it. */
  renewed(until: number, progress: string | undefined): void
  mail(): void
  lost(): void
  /** Its lock on the nodes of a quorum, where one is needed. */
  readonly quorumLock?: QuorumLock | undefined
}

/** Renews the leases of a worker in batches, and notices those that were lost. */
export interface Heartbeater {
  start(): void
  stop(): void
}

export function createHeartbeater(queue: QueueRuntime, holders: () => Iterable<LeaseHolder>): Heartbeater {
  const { lease } = queue.settings
  // At least once a second, for it also brings the news of an inbox when a notification was lost.
  const interval = Math.min(Math.floor(lease / 3), DEFAULTS.maxSleep)
  let end = (): void => {}

  async function beat(): Promise<void> {
    const now = queue.clock.now()
    const byPartition = new Map<number, LeaseHolder[]>()
    for (const holder of holders()) {
      if (holder.leaseUntil <= now) holder.lost()
      else if (holder.beat())
        byPartition.set(holder.partition.index, [...(byPartition.get(holder.partition.index) ?? []), holder])
    }
    await Promise.all([...byPartition.values()].map((group) => renew(group, now)))
  }

  async function renew(group: readonly LeaseHolder[], now: number): Promise<void> {
    for (let i = 0; i < group.length; i += DEFAULTS.batch) {
      const some = group.slice(i, i + DEFAULTS.batch)
      try {
        await renewBatch(some, now)
      } catch (error) {
        // Not lost yet: the next beat tries again, and the end of the lease decides.
        if (!queue.closed.aborted) queue.log.heartbeatFailed(queue.name, error)
      }
    }
  }

  async function renewBatch(holders: readonly LeaseHolder[], now: number): Promise<void> {
    const beats = holders.map((holder) => holder.beat())
    const sent = beats.filter((each) => each !== undefined)
    const statuses = await queue.store.heartbeat(holders[0]!.partition, lease, sent)
    const stillOwned = holders.filter((_, i) => beats[i] !== undefined)
    statuses.forEach((status, i) => {
      const holder = stillOwned[i]!
      // A commit in between has changed the fence, so this answer is about the past.
      if (holder.beat()?.fence !== sent[i]!.fence) return
      if (status === 'lost') return holder.lost()
      if (holder.quorumLock) void prolong(holder, holder.quorumLock)
      holder.renewed(now + lease, sent[i]!.progress)
      if (status === 'mail') holder.mail()
    })
  }

  /** The locks of a quorum last as long as the lease. One that is lost is lost; while too few nodes answer, it lasts to its end. */
  async function prolong(holder: LeaseHolder, lock: QuorumLock): Promise<void> {
    const extended = await lock.extend(lease).catch((error: unknown) => {
      queue.log.heartbeatFailed(queue.name, error)
      return lock.until > Date.now()
    })
    if (!extended) holder.lost()
  }

  return {
    start() {
      end = repeat(queue.clock, () => interval, beat)
    },
    stop: () => end(),
  }
}
