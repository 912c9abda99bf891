import type { FeedEntry, FeedPage, StoreListener } from './store.ts'

/** The stream and the channels of one partition, in memory. */
export interface MemoryFeed {
  append(now: number, transitions: readonly string[]): void
  wake(due: number): void
  mail(id: string, worker: string): void
  paused(): void
  progress(id: string, text: string): void
  read(after: string, count: number): FeedPage
  end(): string
  subscribe(listener: StoreListener): () => Promise<void>
}

export function createMemoryFeed(cap: number): MemoryFeed {
  const listeners = new Set<StoreListener>()
  const entries: FeedEntry[] = []
  let count = 0

  // An announcement arrives after the call that made it, as it does over a network.
  function announce(call: (listener: StoreListener) => void): void {
    for (const listener of listeners) queueMicrotask(() => call(listener))
  }

  const number = (position: string): number => Number(position.split('-')[1] ?? 0)

  return {
    append(now, transitions) {
      if (transitions.length === 0) return
      const entry = { position: `${now}-${++count}`, at: now, text: `[${transitions.join(',')}]` }
      entries.push(entry)
      if (entries.length > cap) entries.shift()
      announce((listener) => listener.feed?.(entry))
    },
    wake: (due) => announce((listener) => listener.wake?.(due)),
    paused: () => announce((listener) => listener.paused?.()),
    mail: (id, worker) => announce((listener) => listener.mail?.(id, worker)),
    progress: (id, text) => announce((listener) => listener.progress?.(id, text)),
    read(after, limit) {
      const from = number(after)
      const oldest = entries[0]
      const gap = after !== '0' && oldest !== undefined && number(oldest.position) > from + 1
      return { gap, entries: entries.filter(({ position }) => number(position) > from).slice(0, limit) }
    },
    end: () => entries.at(-1)?.position ?? '0',
    subscribe(listener) {
      listeners.add(listener)
      return async () => {
        listeners.delete(listener)
      }
    },
  }
}
