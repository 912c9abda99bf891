import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { insideOf } from '../../src/client/inside.ts'
import { readAlong } from '../../src/dashboard/server/live/feed-reader.ts'
import { createMonitor } from '../../src/dashboard/server/live/monitor.ts'
import type { FeedEntry, Store } from '../../src/store/store.ts'
import { inMemory, until, type TestBackend } from '../support/backends.ts'

let backend: TestBackend
let end = async (): Promise<void> => {}
beforeEach(async () => {
  backend = await inMemory()
})
afterEach(async () => {
  await end()
  await backend.stop()
})

const PARTITIONS = [{ queue: 'q', index: 0 }]

test('one reading of the feed and one survey serve all viewers of a queue', async () => {
  const inside = insideOf(backend.open())
  const calls = { feedEnd: 0, survey: 0, subscribe: 0 }
  const store = new Proxy(inside.store, {
    get(target, name, receiver) {
      const found = Reflect.get(target, name, receiver) as (...args: unknown[]) => unknown
      if (!(name in calls)) return found
      return (...args: unknown[]) => {
        calls[name as keyof typeof calls]++
        return found(...args)
      }
    },
  })
  const queue = { name: 'q', partitions: PARTITIONS, ref: undefined, known: undefined }
  const { clock, log, closed } = inside
  const monitor = createMonitor({ clock, log, closed, store }, queue)
  const viewers = Array.from({ length: 20 }, () => monitor.view())
  const ticks = await Promise.all(viewers.map((viewer) => viewer.next()))
  expect(new Set(ticks.map((tick) => tick?.id))).toEqual(new Set([1]))
  expect(calls).toEqual({ feedEnd: 1, survey: 1, subscribe: 0 })
  for (const viewer of viewers) monitor.leave(viewer)
})

/** A feed of numbers, of which the oldest can be gone. */
function feedOf(entries: FeedEntry[]): Pick<Store, 'readFeed' | 'feedEnd'> & { calls: string[] } {
  const calls: string[] = []
  return {
    calls,
    async readFeed(_, after, count) {
      calls.push(after)
      const rest = entries.filter(({ position }) => Number(position) > Number(after))
      return { entries: rest.slice(0, count), gap: after === '1' && entries[0]?.position !== '1' }
    },
    feedEnd: async () => entries.at(-1)?.position ?? '0',
  }
}

const entry = (n: number): FeedEntry => ({ position: String(n), at: n, text: String(n) })

test('what is in the feed already is passed over, and what comes is told once and in its order, page by page', async () => {
  const entries = [entry(1)]
  const told: string[] = []
  end = await readAlong(feedOf(entries), PARTITIONS, ({ text }) => told.push(text))
  entries.push(...Array.from({ length: 250 }, (_, i) => entry(i + 2)))
  await until(() => told.length >= 250)
  expect(told).toEqual(Array.from({ length: 250 }, (_, i) => String(i + 2)))
})

test('a reader who is left behind goes on at the end', async () => {
  const entries = [entry(1)]
  const told: string[] = []
  const feed = feedOf(entries)
  end = await readAlong(feed, PARTITIONS, ({ text }) => told.push(text))
  entries.splice(0, 1, entry(500), entry(501))
  await until(() => feed.calls.includes('501'))
  entries.push(entry(502))
  await until(() => told.includes('502'))
  expect(told).toEqual(['500', '501', '502'])
})
