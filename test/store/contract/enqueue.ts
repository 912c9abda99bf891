import { describe, expect, test } from '@jest/globals'
import { PARKED } from '../../../src/store/store.ts'
import { ids, LONG, message, type Scene } from '../scene.ts'

export function describeEnqueue(scene: () => Scene): void {
  describe('enqueue', () => {
    test('stores a message whole', async () => {
      const { send, get, now } = scene()
      const before = await now()
      expect(await send(message('a', { fields: { m: 'm@1', p: '{"to":"ada"}' }, journal: 'born' }))).toEqual([
        'created',
      ])
      const { message: stored, attentionAt } = await get('a')
      expect(stored).toMatchObject({ id: 'a', revision: 0, state: 'todo', timers: [], inbox: [] })
      expect(stored.fields).toEqual({ m: 'm@1', p: '{"to":"ada"}' })
      expect(stored.createdAt).toBeGreaterThanOrEqual(before)
      expect(stored.createdAt).toBeLessThanOrEqual(await now())
      expect(stored.enteredAt).toBe(stored.createdAt)
      expect(stored.journal).toEqual([{ seq: 0, at: stored.createdAt, text: 'born' }])
      expect(attentionAt).toBe(stored.createdAt)
      expect(stored).not.toHaveProperty('worker')
      expect(stored).not.toHaveProperty('owner')
      expect(stored).not.toHaveProperty('progress')
    })

    test('answers for each message of a batch, one that is there twice too', async () => {
      const { send, population } = scene()
      await send(message('b'))
      expect(await send(message('a'), message('b'), message('c'), message('a'))).toEqual([
        'created',
        'duplicate',
        'created',
        'duplicate',
      ])
      expect(await population()).toEqual({ todo: 3 })
    })

    test('takes an empty batch', async () => {
      const { send, feed } = scene()
      expect(await send()).toEqual([])
      expect(await feed()).toEqual([])
    })

    test('takes a batch of a hundred', async () => {
      const { send, population } = scene()
      const batch = Array.from({ length: 100 }, (_, i) => message(`m${i}`, { state: i % 2 ? 'odd' : 'even' }))
      expect(new Set(await send(...batch))).toEqual(new Set(['created']))
      expect(await population()).toEqual({ odd: 50, even: 50 })
    })

    test('is due at its earliest timer, or now, or never', async () => {
      const { send, get, claim } = scene()
      const timers = [
        { nonce: '0-0', text: 'late', delay: 2 * LONG },
        { nonce: '0-1', text: 'early', delay: LONG },
      ]
      await send(
        message('timers', { attention: 'timers', timers }),
        message('now', { timers }),
        message('never', { attention: 'timers' }),
      )
      const { message: stored, attentionAt } = await get('timers')
      expect(attentionAt).toBe(stored.createdAt + LONG)
      expect(stored.timers).toEqual([
        { nonce: '0-1', text: 'early', due: stored.createdAt + LONG },
        { nonce: '0-0', text: 'late', due: stored.createdAt + 2 * LONG },
      ])
      expect((await get('now')).attentionAt).toBe((await get('now')).message.createdAt)
      expect((await get('never')).attentionAt).toBeNull()
      expect(ids((await claim()).messages)).toEqual(['now'])
    })

    test('writes one entry of the feed for a batch, and none for duplicates', async () => {
      const { send, feed } = scene()
      await send(message('a'), message('b'))
      await send(message('a'))
      await send(message('b'), message('c'))
      expect(await feed()).toEqual(['[["a","todo"],["b","todo"]]', '[["c","todo"]]'])
    })

    test('keeps partitions apart', async () => {
      const [one, other] = [scene(), scene()]
      await one.send(message('a'))
      expect(await other.send(message('a'))).toEqual(['created'])
      await one.take()
      expect(await other.take()).toMatchObject({ id: 'a' })
    })

    test('parks beyond every date', () => {
      expect(PARKED).toBeGreaterThan(Date.UTC(9999, 11, 31))
      expect(Number.isSafeInteger(PARKED + Date.UTC(9999, 11, 31))).toBe(true)
    })
  })
}
