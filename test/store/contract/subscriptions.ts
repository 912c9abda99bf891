import { describe, expect, test } from '@jest/globals'
import type { FeedEntry, StoreListener } from '../../../src/store/store.ts'
import { entry, LONG, message, until, type Scene } from '../scene.ts'

export function describeSubscriptions(scene: () => Scene): void {
  /** Everything that is announced, in order. */
  function record(): { heard: string[]; entries: FeedEntry[]; listener: StoreListener } {
    const heard: string[] = []
    const entries: FeedEntry[] = []
    return {
      heard,
      entries,
      listener: {
        wake: (due) => heard.push(`wake ${due}`),
        mail: (id, worker) => heard.push(`mail ${id} ${worker}`),
        progress: (id, text) => heard.push(`progress ${id} ${text}`),
        feed(announced) {
          entries.push(announced)
          heard.push(`feed ${announced.text}`)
        },
      },
    }
  }

  describe('subscribe', () => {
    test('announces a new message: that it is due, and its transition', async () => {
      const { send, store, partition, get } = scene()
      const { heard, entries, listener } = record()
      const end = await store.subscribe(partition, listener)
      await send(message('a'), message('b', { attention: 'timers' }))
      await until(() => heard.length === 2)
      expect(heard.toSorted()).toEqual([
        'feed [["a","todo"],["b","todo"]]',
        `wake ${(await get('a')).message.createdAt}`,
      ])
      expect((await store.readFeed(partition, '0', 10)).entries).toEqual(entries)
      await end()
    })

    test('announces when a message will be due', async () => {
      const { send, store, partition, get, take, commit } = scene()
      const { heard, listener } = record()
      await send(message('a'))
      const taken = await take()
      const end = await store.subscribe(partition, listener)
      await commit(entry(taken, { setTimers: [{ nonce: '1-0', text: 't', delay: 500 }] }))
      await until(() => heard.length === 1)
      expect(heard).toEqual([`wake ${(await get('a')).attentionAt}`])
      await send(message('b', { attention: 'timers', timers: [{ nonce: '0-0', text: 't', delay: LONG }] }))
      await until(() => heard.length === 3)
      expect(heard).toContain(`wake ${(await get('b')).attentionAt}`)
      await end()
    })

    test('announces mail, to the holder or to everyone', async () => {
      const { send, store, partition, take, deliver } = scene()
      await send(message('held id\twith: all'), message('idle', { attention: 'timers' }))
      await take({ worker: 'host:1 x' })
      const { heard, listener } = record()
      const end = await store.subscribe(partition, listener)
      await deliver('held id\twith: all', 'E')
      await until(() => heard.length === 1)
      expect(heard).toEqual(['mail held id\twith: all host:1 x'])
      await deliver('idle', 'E')
      await until(() => heard.length === 2)
      expect(heard[1]).toMatch(/^wake \d+$/)
      await end()
    })

    test('announces progress', async () => {
      const { send, store, partition, take } = scene()
      await send(message('a b'))
      const taken = await take()
      const { heard, listener } = record()
      const end = await store.subscribe(partition, listener)
      await store.heartbeat(partition, LONG, [{ ...taken, progress: '"two\nlines, half"' }])
      await store.heartbeat(partition, LONG, [taken])
      await store.heartbeat(partition, LONG, [{ ...taken, progress: '"end"' }])
      await until(() => heard.length >= 2)
      expect(heard).toEqual(['progress a b "two\nlines, half"', 'progress a b "end"'])
      await end()
    })

    test('wakes for a message that is released with mail', async () => {
      const { send, store, partition, take, commit, deliver } = scene()
      await send(message('a'))
      const taken = await take()
      await deliver('a', 'E')
      const { heard, listener } = record()
      const end = await store.subscribe(partition, listener)
      await commit(entry(taken))
      await until(() => heard.length === 1)
      expect(heard[0]).toMatch(/^wake \d+$/)
      await end()
    })

    test('tells each listener what it asks for, in its partition, until it ends', async () => {
      const [here, there] = [scene(), scene()]
      const [one, two, other] = [record(), record(), record()]
      const ends = await Promise.all([
        here.store.subscribe(here.partition, one.listener),
        here.store.subscribe(here.partition, two.listener),
        here.store.subscribe(here.partition, { feed: ({ text }) => other.heard.push(text) }),
        there.store.subscribe(there.partition, other.listener),
      ])
      await here.send(message('a'))
      await until(() => one.heard.length === 2 && two.heard.length === 2 && other.heard.length === 1)
      expect(other.heard).toEqual(['[["a","todo"]]'])
      await ends[0]()
      await here.send(message('b'))
      await until(() => two.heard.length === 4)
      expect(one.heard).toHaveLength(2)
      await Promise.all(ends.slice(1).map((end) => end()))
    })

    test('can be taken up again', async () => {
      const { send, store, partition } = scene()
      const { heard, listener } = record()
      const end = await store.subscribe(partition, listener)
      await end()
      await end()
      const again = await store.subscribe(partition, listener)
      await send(message('a'))
      await until(() => heard.length >= 2)
      await again()
      expect(heard).toHaveLength(2)
    })
  })
}
