import { eventLoop } from './event-loop.ts'

/** Virtual time, and what is to happen in it. What is due at the same instant comes in an order that the seed decides. */
export interface Scheduler {
  /** Milliseconds since the start. */
  readonly now: number
  /** How much has happened so far. */
  readonly steps: number
  /** Lets `action` happen after `ms`; returns its cancellation. */
  schedule(ms: number, action: () => void): () => void
  /** Lets one thing after the other happen, each with all that follows from it without waiting, until `until` or the end of `limit`. */
  run(until: () => boolean, limit: number): Promise<void>
}

interface Entry {
  readonly at: number
  readonly tie: number
  action: (() => void) | undefined
}

const isBefore = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.tie < b.tie)

export function createScheduler(chance: () => number): Scheduler {
  const heap: Entry[] = []
  let now = 0
  let steps = 0

  return {
    get now() {
      return now
    },
    get steps() {
      return steps
    },
    schedule(ms, action) {
      const entry: Entry = { at: now + Math.max(0, ms), tie: chance(), action }
      push(heap, entry)
      return () => {
        entry.action = undefined
      }
    },
    async run(until, limit) {
      const end = now + limit
      await eventLoop.settle()
      while (!until()) {
        const entry = heap[0]
        if (!entry || entry.at > end) {
          now = end
          return
        }
        pop(heap)
        if (!entry.action) continue
        now = entry.at
        steps++
        entry.action()
        await eventLoop.settle()
      }
    },
  }
}

function push(heap: Entry[], entry: Entry): void {
  let i = heap.length
  heap.push(entry)
  while (i > 0) {
    const parent = (i - 1) >> 1
    if (!isBefore(entry, heap[parent]!)) break
    heap[i] = heap[parent]!
    i = parent
  }
  heap[i] = entry
}

function pop(heap: Entry[]): void {
  const last = heap.pop()!
  if (heap.length === 0) return
  let i = 0
  for (;;) {
    let child = 2 * i + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
    if (!isBefore(heap[child]!, last)) break
    heap[i] = heap[child]!
    i = child
  }
  heap[i] = last
}
