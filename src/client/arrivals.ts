import type { Arrivals } from '../engine/versions.ts'
import type { Store } from '../store/store.ts'

/** What a process knows of when each version of a machine first came to a queue. */
export interface KnownArrivals extends Arrivals {
  /** Notes that our versions are here, and learns of all others. */
  announce(): Promise<void>
  /** Learns of all, and notes nothing. */
  learn(): Promise<ReadonlyMap<string, number>>
}

/** A version that is not known here is asked for, once; until the answer is there its messages are left alone. */
export function createArrivals(store: Store, queue: string, ours: () => readonly string[]): KnownArrivals {
  let known: ReadonlyMap<string, number> = new Map()
  const asked = new Set<string>()

  async function announce(): Promise<void> {
    known = await store.arrive(queue, ours())
  }

  async function learn(): Promise<ReadonlyMap<string, number>> {
    known = await store.arrive(queue, [])
    return known
  }

  return {
    announce,
    learn,
    when(ref) {
      const at = known.get(ref)
      if (at !== undefined || asked.has(ref)) return at
      void learn().then(
        () => asked.add(ref),
        // Redis is away: it is asked again with the next message.
        () => {},
      )
      return 'asking'
    },
  }
}
