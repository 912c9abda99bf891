import { describe, expect, test } from '@jest/globals'
import { BARE } from '../../../src/store/layout.ts'
import { bare } from '../round-rules.ts'
import { entry, type Scene } from '../scene.ts'

/** Messages of the default machine are stored without what goes without saying. Nobody who reads them can tell. */
export function describeBare(scene: () => Scene): void {
  describe('bare messages', () => {
    test('a bare message reads as it was sent', async () => {
      const it = scene()
      const long = { payload: { text: 'é'.repeat(100) } }
      await it.send(bare('a', long))
      const { message: stored, attentionAt } = await it.get('a')
      expect(stored).toMatchObject({
        revision: 0,
        state: 'pending',
        fields: { m: 'message@0#01234567', c: BARE.context, p: JSON.stringify(long) },
        timers: [{ ...BARE.timer, due: stored.createdAt }],
        journal: [{ seq: 0, at: stored.createdAt, text: 'pending' }],
        enteredAt: stored.createdAt,
      })
      expect(attentionAt).toBe(stored.createdAt)
    })

    test('the first step of a bare message ends its timer', async () => {
      const it = scene()
      await it.send(bare('a'))
      const taken = await it.take()
      await it.commit(entry(taken, { state: 'idle', entered: true, clearTimers: taken.timers }))
      const { message: stored, attentionAt } = await it.get('a')
      expect([stored.timers, attentionAt]).toEqual([[], null])
    })
  })
}
