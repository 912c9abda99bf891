import type { Flow as Sample, FlowItem } from '../../shapes/live.ts'

/** Gathers a sample of what happened lately. */
export interface Flow {
  add(item: FlowItem): void
  /** What was gathered since the last time; `undefined` when nothing was. */
  take(): Sample | undefined
}

const MOST = 60

/** Every transition has the same chance to be in the sample, however many come. */
export function createFlow(random = Math.random): Flow {
  let items: FlowItem[] = []
  let seen = 0
  return {
    add(item) {
      seen++
      if (items.length < MOST) return void items.push(item)
      const place = Math.floor(random() * seen)
      if (place < MOST) items[place] = item
    },
    take() {
      if (seen === 0) return undefined
      const taken = { items: items.toSorted((a, b) => a.at - b.at), skipped: seen - items.length }
      items = []
      seen = 0
      return taken
    },
  }
}
