import { liveLock, type MemoryMessage } from './memory-message.ts'
import type { Slice } from './memory-slice.ts'
import { AUDIT_CAP, type AuditRecord, type RestoreStatus, type Steering } from './steering.ts'
import type { Partition } from './store.ts'

/** What was discarded, and until when it is kept. */
interface Kept {
  readonly message: MemoryMessage
  readonly operation: string
  readonly until: number
}

/** See `lua/pause.lua`, `lua/discard.lua` and `lua/restore.lua`. */
export function createMemorySteering(slice: (partition: Partition) => Slice, now: () => number): Steering {
  const discards = new Map<Slice, Map<string, Kept>>()
  const workers = new Map<string, Map<string, string>>()
  const operations = new Map<string, string>()
  const stops = new Set<string>()
  const audit: AuditRecord[] = []

  function keptIn(it: Slice): Map<string, Kept> {
    const kept = discards.get(it) ?? new Map<string, Kept>()
    discards.set(it, kept)
    for (const [id, { until }] of kept) if (until <= now()) kept.delete(id)
    return kept
  }

  function bringBack(it: Slice, id: string): RestoreStatus {
    if (it.messages.has(id)) return 'present'
    const kept = keptIn(it).get(id)
    if (!kept) return 'gone'
    keptIn(it).delete(id)
    it.messages.set(id, kept.message)
    it.states.add(kept.message.state)
    return 'restored'
  }

  return {
    async pause(partition, paused) {
      const it = slice(partition)
      const changed = it.paused !== paused
      it.paused = paused
      if (paused) it.feed.paused()
      else it.feed.wake(now())
      return changed
    },
    paused: async (partition) => slice(partition).paused,
    async discard(partition, { id, token, operation, keepFor }) {
      const it = slice(partition)
      const message = it.messages.get(id)
      if (!message) return 'missing'
      const lock = liveLock(message, now())
      if (lock !== undefined && lock !== token) return 'locked'
      it.messages.delete(id)
      const kept = keptIn(it)
      kept.delete(id)
      kept.set(id, { message: { ...message, lock: undefined }, operation, until: now() + keepFor })
      return 'removed'
    },
    async discarded(partition, operation) {
      return [...keptIn(slice(partition))].filter(([, kept]) => kept.operation === operation).map(([id]) => id)
    },
    async restore(partition, ids) {
      const it = slice(partition)
      const statuses = ids.map((id) => bringBack(it, id))
      it.feed.wake(now())
      return statuses
    },
    async report(queue, worker, text) {
      const reports = workers.get(queue) ?? new Map<string, string>()
      workers.set(queue, reports)
      if (text === undefined) reports.delete(worker)
      else reports.set(worker, text)
    },
    reports: async (queue) => new Map(workers.get(queue)),
    async tellOperation(operation, text) {
      if (text !== undefined) {
        operations.set(operation, text)
        return stops.has(operation)
      }
      operations.delete(operation)
      stops.delete(operation)
      return false
    },
    operations: async () => new Map(operations),
    async stopOperation(operation) {
      stops.add(operation)
    },
    async record(fields) {
      audit.unshift({ at: now(), fields })
      audit.length = Math.min(audit.length, AUDIT_CAP)
    },
    records: async (count) => audit.slice(0, count),
  }
}
