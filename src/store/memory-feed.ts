import type { FeedBounds } from './bounds.ts'
import type { FeedEntry, FeedPage, LargeText, StoreListener } from './store.ts'

/** The stream and the channels of one partition, in memory. */
export interface MemoryFeed {
  append(now: number, transitions: readonly string[], large?: readonly LargeText[]): void
  wake(due: number): void
  mail(id: string, worker: string): void
  paused(): void
  progress(id: string, text: string): void
  read(after: string, count: number): FeedPage
  readLarge(position: string): ReadonlyMap<string, string>
  /** Takes out what is beyond the bounds; returns how many entries that were. */
  prune(now: number): number
  end(): string
  subscribe(listener: StoreListener): () => Promise<void>
}

interface Large {
  readonly position: string
  readonly at: number
  readonly texts: ReadonlyMap<string, string>
}

/** Milliseconds for which large texts are kept are the default of all stores. */
export function createMemoryFeed(bounds: () => FeedBounds, largeFor: number): MemoryFeed {
  const listeners = new Set<StoreListener>()
  const entries: FeedEntry[] = []
  const large: Large[] = []
  /** Bytes of both. */
  let [size, largeSize] = [0, 0]
  let count = 0
  let trimmed = ''

  // An announcement arrives after the call that made it, as it does over a network.
  function announce(call: (listener: StoreListener) => void): void {
    for (const listener of listeners) queueMicrotask(() => call(listener))
  }

  const number = (position: string): number => Number(position.split('-')[1] ?? 0)

  /** See `lua/prune.lua`. */
  function prune(now: number): number {
    const most = bounds()
    while (large.length > 0 && (large[0]!.at < now - largeFor || (largeSize > most.bytes / 2 && large.length > 1)))
      largeSize -= bytesOf(large.shift()!)
    let gone = 0
    for (
      ;
      entries.length > most.entries || (entries.length > 1 && size > most.bytes - Math.min(largeSize, most.bytes / 2));
      gone++
    ) {
      const { position, text } = entries.shift()!
      size -= text.length
      trimmed = position
    }
    return gone
  }

  return {
    append(now, transitions, texts = []) {
      if (transitions.length === 0) return
      const entry = { position: `${now}-${++count}`, at: now, text: `[${transitions.join(',')}]` }
      entries.push(entry)
      size += entry.text.length
      if (texts.length > 0) {
        large.push({
          position: entry.position,
          at: now,
          texts: new Map(texts.map(({ name, text }) => [name, text] as const)),
        })
        largeSize += bytesOf(large.at(-1)!)
      }
      prune(now)
      for (const { name, text } of texts) announce((listener) => listener.large?.(entry.position, name, text))
      announce((listener) => listener.feed?.(entry))
    },
    wake: (due) => announce((listener) => listener.wake?.(due)),
    paused: () => announce((listener) => listener.paused?.()),
    mail: (id, worker) => announce((listener) => listener.mail?.(id, worker)),
    progress: (id, text) => announce((listener) => listener.progress?.(id, text)),
    read(after, limit) {
      const from = number(after)
      const gap = after !== '0' && after !== trimmed && !entries.some(({ position }) => position === after)
      return { gap, entries: entries.filter(({ position }) => number(position) > from).slice(0, limit) }
    },
    readLarge: (position) => large.find((each) => each.position === position)?.texts ?? new Map<string, string>(),
    prune,
    end: () => entries.at(-1)?.position ?? '0',
    subscribe(listener) {
      listeners.add(listener)
      return async () => {
        listeners.delete(listener)
      }
    },
  }
}

const bytesOf = ({ texts }: Large): number => [...texts.values()].reduce((sum, text) => sum + text.length, 0)
