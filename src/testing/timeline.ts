import type { Clock } from '../clock.ts'

/** Who asked for a timer; those of one owner can be dropped together. */
export type Owner = object

/** Time that moves when it is told to, and what is to happen on the way. */
export interface Timeline {
  now(): number
  /** Milliseconds since 1970; it never goes back. */
  moveTo(at: number): void
  /** Runs `callback` once when the time has come and `fireDue` is called; returns its cancellation. */
  schedule(owner: Owner, ms: number, callback: () => void): () => void
  /** Fires what is due, in the order of its time; what is asked for meanwhile waits for the next call. Returns how many. */
  fireDue(): number
  /** When the first timer of an owner is due. */
  next(owner: Owner): number | undefined
  drop(owner: Owner): void
}

interface Entry {
  readonly owner: Owner
  readonly due: number
  readonly callback: () => void
}

export function createTimeline(start: number): Timeline {
  const entries = new Set<Entry>()
  let now = start

  return {
    now: () => now,
    moveTo(at) {
      now = Math.max(now, at)
    },
    schedule(owner, ms, callback) {
      const entry = { owner, due: now + Math.max(0, ms), callback }
      entries.add(entry)
      return () => void entries.delete(entry)
    },
    fireDue() {
      const due = [...entries].filter((entry) => entry.due <= now).toSorted((a, b) => a.due - b.due)
      // One that an earlier one has cancelled, or whose owner it has ended, is not there any more.
      for (const entry of due) if (entries.delete(entry)) entry.callback()
      return due.length
    },
    next(owner) {
      const dues = [...entries].filter((entry) => entry.owner === owner).map(({ due }) => due)
      return dues.length === 0 ? undefined : Math.min(...dues)
    },
    drop(owner) {
      for (const entry of entries) if (entry.owner === owner) entries.delete(entry)
    },
  }
}

/** The timeline as one owner sees it. */
export function clockOf(timeline: Timeline, random: () => number, owner: Owner): Clock {
  return {
    now: timeline.now,
    random,
    after: (ms, callback) => timeline.schedule(owner, ms, callback),
  }
}

/** Chance that comes out alike with the same seed (mulberry32, public domain). */
export function createChance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
