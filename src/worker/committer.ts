import type { QueueRuntime } from '../engine/runtime.ts'
import { DEFAULTS } from '../options.ts'
import type { CommitEntry, CommitResult, Partition } from '../store/store.ts'

export interface Committed extends CommitResult {
  /** When it was written, by the clock of the store. */
  readonly now: number
}

/** Groups commits: while one call is under way the next one fills up. */
export interface Committer {
  /** Resolves with the store's answer. While Redis is away it waits: a commit that is sent twice is applied once. */
  submit(partition: Partition, entry: CommitEntry): Promise<Committed>
  /** Gives up on what Redis does not answer; the leases will end, and other workers go on. */
  close(): void
}

interface Waiting {
  readonly entry: CommitEntry
  resolve(committed: Committed): void
  reject(error: unknown): void
}

/** Calls under way at a time; a second one keeps the server busy while the reply to the first is being worked on. */
const LANES = 2

export function createCommitter(queue: QueueRuntime, worker: string): Committer {
  const lanes = new Map<number, { waiting: Waiting[]; busy: number; scheduled: boolean }>()
  let closed = false

  function submit(partition: Partition, entry: CommitEntry): Promise<Committed> {
    const lane = lanes.get(partition.index) ?? { waiting: [], busy: 0, scheduled: false }
    lanes.set(partition.index, lane)
    return new Promise((resolve, reject) => {
      lane.waiting.push({ entry, resolve, reject })
      if (lane.scheduled || lane.busy === LANES) return
      lane.scheduled = true
      // After the callbacks of this turn: all messages of one claim take their first step in it.
      setImmediate(() => {
        lane.scheduled = false
        if (lane.busy < LANES) void drain(partition, lane)
      })
    })
  }

  async function drain(partition: Partition, lane: { waiting: Waiting[]; busy: number }): Promise<void> {
    lane.busy++
    while (lane.waiting.length > 0) await send(partition, lane.waiting.splice(0, DEFAULTS.batch))
    lane.busy--
  }

  async function send(partition: Partition, batch: readonly Waiting[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const entries = batch.map(({ entry }) => entry)
        const { now, results } = await queue.store.commit(partition, { worker, lease: queue.settings.lease, entries })
        queue.clock.sync?.(now)
        batch.forEach(({ resolve }, i) => resolve({ ...results[i]!, now }))
        return
      } catch (error) {
        queue.log.commitFailed(queue.name, error)
        if (closed) return batch.forEach(({ reject }) => reject(error))
        await new Promise<void>((resolve) => queue.clock.after(Math.min(50 * 2 ** attempt, 1000), resolve))
      }
    }
  }

  return {
    submit,
    close: () => {
      closed = true
    },
  }
}
