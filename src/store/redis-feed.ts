import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'
import type { FeedPage } from './listener.ts'
import type { Store } from './store.ts'

export function createRedisFeed(redis: Redis, keys: Keys): Pick<Store, 'readFeed' | 'feedEnd' | 'readLarge'> {
  return {
    async readFeed(partition, after, count): Promise<FeedPage> {
      const key = keys.events(partition)
      if (after === '0') return { gap: false, entries: entriesOf(await redis.xrange(key, '-', '+', 'COUNT', count)) }
      // From the position on, and it included: where it is in the stream, nothing before it can be missing.
      const found = await redis.xrange(key, after, '+', 'COUNT', count + 1)
      if (found[0]?.[0] === after) return { gap: false, entries: entriesOf(found.slice(1)) }
      // No counter of the stream tells this: not after two primaries, and not where the key was begun anew.
      const gap = (await redis.get(keys.trimmed(partition))) !== after
      return { gap, entries: entriesOf(found.slice(0, count)) }
    },
    async feedEnd(partition) {
      const [last] = await redis.xrevrange(keys.events(partition), '+', '-', 'COUNT', 1)
      return last?.[0] ?? '0'
    },
    async readLarge(partition, position) {
      const [entry] = await redis.xrange(keys.large(partition), position, position)
      const [, flat = []] = entry ?? []
      const texts = new Map<string, string>()
      for (let i = 0; i + 1 < flat.length; i += 2) texts.set(flat[i]!, flat[i + 1]!)
      return texts
    },
  }
}

const entriesOf = (found: readonly (readonly [position: string, fields: string[]])[]): FeedPage['entries'] =>
  found.map(([position, [, text = '[]', , at]]) => ({ position, at: Number(at ?? timeOf(position)), text }))

/** When an entry was written: a little later than the script began that did it, whose stamp the messages bear. */
const timeOf = (position: string): string => position.slice(0, position.indexOf('-'))
