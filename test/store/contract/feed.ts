import { describe, expect, test } from '@jest/globals'
import { message, type Scene } from '../scene.ts'

/** Over a store that keeps about four entries. */
export function describeFeed(scene: () => Scene): void {
  const said = (text: string) => message(text, { transition: `"${text}"` })

  describe('readFeed', () => {
    test('reads from the start, from a position and in pages', async () => {
      const { send, store, partition, now } = scene()
      const begun = await now()
      for (const text of ['1', '2', '3']) await send(said(text))
      const first = await store.readFeed(partition, '0', 2)
      expect(first.entries.map(({ text }) => text)).toEqual(['["1"]', '["2"]'])
      const second = await store.readFeed(partition, first.entries[1]!.position, 2)
      expect(second).toMatchObject({ gap: false, entries: [{ text: '["3"]' }] })
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
      expect(await store.readFeed(partition, '1800000000000-1', 10)).toEqual({ gap: false, entries: [] })
      expect(await store.feedEnd(partition)).toBe('0')
    })

    test('tells of a gap when entries after the position were trimmed', async () => {
      const { send, store, partition } = scene()
      await send(said('0'))
      const early = await store.feedEnd(partition)
      for (let i = 1; i <= 20; i++) await send(said(String(i)))
      const { entries, gap } = await store.readFeed(partition, early, 100)
      expect(gap).toBe(true)
      expect(entries.length).toBeLessThan(10)
      expect(entries.at(-1)!.text).toBe('["20"]')
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

  describe('feedEnd', () => {
    test('is where only later entries are read', async () => {
      const { send, store, partition } = scene()
      await send(said('before'))
      const end = await store.feedEnd(partition)
      expect(await store.readFeed(partition, end, 10)).toEqual({ gap: false, entries: [] })
      await send(said('after'))
      expect((await store.readFeed(partition, end, 10)).entries).toMatchObject([{ text: '["after"]' }])
      expect(await store.feedEnd(partition)).not.toBe(end)
    })
  })
}
