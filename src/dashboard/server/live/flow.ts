/** A transition as a dot that moves. */
export interface FlowItem {
  readonly id: string
  readonly from: string | null
  readonly to: string
  readonly event: string
  readonly at: number
}

/** A sample of what happened lately. */
export interface Flow {
  add(item: FlowItem): void
  /** What was gathered since the last time; `undefined` when nothing was. */
  take(): { readonly items: readonly FlowItem[]; readonly skipped: number } | undefined
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
