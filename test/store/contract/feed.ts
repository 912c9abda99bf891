import { describe, expect, test } from '@jest/globals'
import { entry, message, until, type Scene } from '../scene.ts'

/** Over a store that keeps about four entries. */
export function describeFeed(scene: () => Scene): void {
  const said = (text: string) => message(text, { transition: text })

  describe('readFeed', () => {
    test('reads from the start, from a position and in pages', async () => {
      const { send, store, partition, now } = scene()
      const begun = await now()
      for (const text of ['1', '2', '3']) await send(said(text))
      const first = await store.readFeed(partition, '0', 2)
      expect(first.entries.map(({ text }) => text)).toEqual(['[["1",1]]', '[["2",2]]'])
      const second = await store.readFeed(partition, first.entries[1]!.position, 2)
      expect(second).toMatchObject({ gap: false, entries: [{ text: '[["3",3]]' }] })
      expect(await store.readFeed(partition, second.entries[0]!.position, 2)).toEqual({ gap: false, entries: [] })
      for (const { at, position } of first.entries) {
        expect(position).toMatch(/^\d+-\d+$/)
        // The stamp is of the beginning of a script, the position of its end.
        const made = Number(position.split('-')[0])
        expect(at).toBeGreaterThanOrEqual(begun)
        expect(at).toBeLessThanOrEqual(made)
        expect(made).toBeLessThanOrEqual(await now())
      }
    })

    test('is empty, without a gap, where nothing was written', async () => {
      const { store, partition } = scene()
      expect(await store.readFeed(partition, '0', 10)).toEqual({ gap: false, entries: [] })
      expect(await store.feedEnd(partition)).toBe('0')
    })

    test('tells of a gap at a position that is not in it: of another feed, or of one that was lost', async () => {
      const { send, store, partition } = scene()
      expect(await store.readFeed(partition, '1700000000000-1', 10)).toEqual({ gap: true, entries: [] })
      await send(said('1'))
      expect(await store.readFeed(partition, '1700000000000-1', 10)).toMatchObject({ gap: true })
      expect(await store.readFeed(partition, '9900000000000-1', 10)).toMatchObject({ gap: true, entries: [] })
    })

    test('has no gap at the last entry that was trimmed, and one at those before it', async () => {
      const { send, store, partition } = scene()
      const positions: string[] = []
      for (let i = 0; i < 20; i++) {
        await send(said(String(i)))
        positions.push(await store.feedEnd(partition))
      }
      await store.prune(partition)
      const { entries } = await store.readFeed(partition, '0', 100)
      const first = positions.indexOf(entries[0]!.position)
      expect(first).toBeGreaterThan(1)
      expect(await store.readFeed(partition, positions[first - 1]!, 100)).toEqual({ gap: false, entries })
      expect(await store.readFeed(partition, positions[first - 2]!, 100)).toMatchObject({ gap: true })
    })

    test('tells of a gap when entries after the position were trimmed', async () => {
      const { send, store, partition } = scene()
      await send(said('0'))
      const early = await store.feedEnd(partition)
      for (let i = 1; i <= 20; i++) await send(said(String(i)))
      const { entries, gap } = await store.readFeed(partition, early, 100)
      expect(gap).toBe(true)
      expect(entries.length).toBeLessThan(10)
      expect(entries.at(-1)!.text).toBe('[["20",20]]')
    })

    test('has no gap for whoever reads what is kept, or reads from the start', async () => {
      const { send, store, partition } = scene()
      for (let i = 0; i < 20; i++) await send(said(String(i)))
      const { entries, gap } = await store.readFeed(partition, '0', 100)
      expect(gap).toBe(false)
      for (const [i, { position }] of entries.entries()) {
        const page = await store.readFeed(partition, position, 100)
        expect(page).toMatchObject({ gap: false })
        expect(page.entries).toEqual(entries.slice(i + 1))
      }
    })
  })

  describe('prune', () => {
    test('keeps to the bounds that the definition of the queue has, of entries and of bytes', async () => {
      const { send, store, partition, feed } = scene()
      await store.defineQueue(partition.queue, { partitions: 1, feed: { entries: 1000, bytes: 128 * 1024 } })
      for (let i = 0; i < 40; i++) await send(said(String(i).padEnd(8 * 1024)))
      await store.prune(partition)
      const kept = await feed()
      expect(kept.length).toBeLessThanOrEqual(8)
      expect(kept.length).toBeGreaterThan(4)
      await store.defineQueue(partition.queue, { partitions: 1, feed: { entries: 2, bytes: 128 * 1024 } })
      await store.prune(partition)
      expect((await feed()).map((text) => text.trim().slice(3, 5))).toEqual(['38', '39'])
      expect(await store.defineQueue(partition.queue, { partitions: 1 })).toMatchObject({ feed: { entries: 2 } })
    })

    test('keeps the newest entry, however large it is', async () => {
      const { send, store, partition, feed } = scene()
      await store.defineQueue(partition.queue, { partitions: 1, feed: { entries: 1000, bytes: 64 * 1024 } })
      await send(said('x'.repeat(1024 * 1024)), said('y'))
      await send(said('z'.repeat(1024 * 1024)))
      await store.prune(partition)
      expect(await feed()).toHaveLength(1)
    })
  })

  describe('large texts', () => {
    const large = (name: string, text: string) => ({ large: [{ name, text }] })

    test('are kept beside the entry that refers to them, and told before it', async () => {
      const { store, partition, send, take, commit } = scene()
      const heard: string[] = []
      const end = await store.subscribe(partition, {
        large: (position, name, text) => heard.push(`${position} ${name} ${text.length}`),
        feed: ({ position }) => heard.push(position),
      })
      await send(message('a', large('m:0:a b', 'sent\n')), message('b'))
      const sent = await store.feedEnd(partition)
      const taken = await take({ limit: 1 })
      await commit(
        entry(taken, { disposal: 'remove', transitions: ['1'], ...large(`o:1:${taken.id}`, 'x'.repeat(5000)) }),
      )
      const removed = await store.feedEnd(partition)
      await until(() => heard.length === 4)
      expect(heard).toEqual([`${sent} m:0:a b 5`, sent, `${removed} o:1:${taken.id} 5000`, removed])
      expect(await store.readLarge(partition, sent)).toEqual(new Map([['m:0:a b', 'sent\n']]))
      expect(await store.readLarge(partition, removed)).toEqual(new Map([[`o:1:${taken.id}`, 'x'.repeat(5000)]]))
      expect(await store.readLarge(partition, '1-1')).toEqual(new Map())
      await end()
    })

    test('of what was refused are not kept', async () => {
      const { store, partition, send, take, commit } = scene()
      await send(message('a'))
      await send(message('b', large('m:0:b', 'new')), message('a', large('m:0:a', 'duplicate')))
      expect(await store.readLarge(partition, await store.feedEnd(partition))).toEqual(new Map([['m:0:b', 'new']]))
      const taken = await take({ limit: 1 })
      const late = { ...taken, fence: `${taken.fence}x` }
      await commit(
        entry(late, { transitions: ['1'], ...large('o:1', 'late') }),
        entry(taken, { transitions: ['2'], ...large('o:2', 'right') }),
      )
      expect(await store.readLarge(partition, await store.feedEnd(partition))).toEqual(new Map([['o:2', 'right']]))
    })

    test('take no more than half of the bytes of the feed', async () => {
      const { store, partition, send, take, commit } = scene()
      await store.defineQueue(partition.queue, { partitions: 1, feed: { entries: 1000, bytes: 256 * 1024 } })
      const positions: string[] = []
      for (let i = 0; i < 20; i++) {
        await send(message(`m${i}`))
        await commit(entry(await take(), { disposal: 'remove', transitions: ['1'], ...large('o', 'x'.repeat(20_000)) }))
        positions.push(await store.feedEnd(partition))
      }
      await store.prune(partition)
      const kept = await Promise.all(positions.map(async (at) => (await store.readLarge(partition, at)).size))
      const count = kept.reduce((sum, size) => sum + size, 0)
      expect(count).toBeGreaterThan(3)
      expect(count * 20_000).toBeLessThanOrEqual(128 * 1024)
      expect(kept.slice(-count)).toEqual(Array.from({ length: count }, () => 1))
    })
  })

  describe('feedEnd', () => {
    test('is where only later entries are read', async () => {
      const { send, store, partition } = scene()
      await send(said('before'))
      const end = await store.feedEnd(partition)
      expect(await store.readFeed(partition, end, 10)).toEqual({ gap: false, entries: [] })
      await send(said('after'))
      expect((await store.readFeed(partition, end, 10)).entries).toMatchObject([{ text: '[["after",after]]' }])
      expect(await store.feedEnd(partition)).not.toBe(end)
    })
  })
}
