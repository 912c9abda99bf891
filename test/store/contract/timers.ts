import { describe, expect, test } from '@jest/globals'
import { entry, LONG, message, SHORT, type Scene } from '../scene.ts'

export function describeTimers(scene: () => Scene): void {
  describe('timers of a commit', () => {
    test('count from the commit', async () => {
      const { send, take, commit, get, reach, now } = scene()
      await send(message('a'))
      const taken = await take()
      await reach((await now()) + 5)
      const before = await now()
      await commit(entry(taken, { setTimers: [{ nonce: '1-0', text: 'retry', delay: LONG }] }))
      const { message: stored, attentionAt } = await get('a')
      expect(stored.timers).toEqual([{ nonce: '1-0', text: 'retry', due: attentionAt }])
      expect(attentionAt).toBeGreaterThanOrEqual(before + LONG)
      expect(attentionAt).toBeLessThanOrEqual((await now()) + LONG)
    })

    test('are due by the earliest of the new and the kept', async () => {
      const { send, take, commit, get, store, partition } = scene()
      const kept = { nonce: '0-0', text: 'deadline', delay: 2 * LONG }
      for (const [id, delay] of [
        ['new first', LONG],
        ['kept first', 3 * LONG],
      ] as const) {
        await send(message(id, { timers: [kept] }))
        const taken = await take()
        const earliest = taken.timers[0]!.due
        await commit(entry(taken, { earliest, setTimers: [{ nonce: '1-0', text: 'retry', delay }] }))
        const { message: stored, attentionAt } = await get(id)
        expect(stored.timers.map(({ text }) => text)).toEqual(
          id === 'new first' ? ['retry', 'deadline'] : ['deadline', 'retry'],
        )
        expect(attentionAt).toBe(stored.timers[0]!.due)
      }
      expect((await store.stats(partition)).next).toBeDefined()
    })

    test('that go on under another name keep their due time', async () => {
      const { send, take, commit, get } = scene()
      await send(message('a', { timers: [{ nonce: '0-0', text: 'before', delay: LONG }] }))
      const taken = await take()
      const [timer] = taken.timers
      const setTimers = [{ nonce: '1-0', text: 'after', delay: 0, due: timer!.due }]
      await commit(entry(taken, { earliest: timer!.due, setTimers, clearTimers: [timer!] }))
      const { message: stored, attentionAt } = await get('a')
      expect(stored.timers).toEqual([{ nonce: '1-0', text: 'after', due: timer!.due }])
      expect(attentionAt).toBe(timer!.due)
    })

    test('that are overdue do not hasten a message that is due now anyway', async () => {
      const { send, take, commit, get, reach, now } = scene()
      await send(message('a', { timers: [{ nonce: '0-0', text: 't', delay: 0 }] }))
      const taken = await take()
      const handedBack = (await now()) + 3
      await reach(handedBack)
      await commit(entry(taken, { attention: 'now', earliest: taken.timers[0]!.due }))
      expect((await get('a')).attentionAt).toBeGreaterThanOrEqual(handedBack)
    })

    test('leave with their text, however long it was', async () => {
      const { send, take, commit, get } = scene()
      const text = `wake\n${'{"why":"é"}'.repeat(30)}`
      await send(
        message('a', {
          timers: [
            { nonce: '0-0', text, delay: LONG },
            { nonce: '0-1', text: 'stays', delay: LONG },
          ],
        }),
      )
      const taken = await take()
      expect(taken.timers[0]).toMatchObject({ nonce: '0-0', text })
      await commit(entry(taken, { clearTimers: [taken.timers[0]!], earliest: taken.timers[1]!.due }))
      const { message: stored, attentionAt } = await get('a')
      expect(stored.timers).toEqual([taken.timers[1]])
      expect(stored.fields).toEqual(message('a').fields)
      expect(attentionAt).toBe(taken.timers[1]!.due)
    })

    test('wait while a lease is kept, and fire after it was released', async () => {
      const { send, take, commit, get, claim } = scene()
      await send(message('a'))
      const taken = await take()
      await commit(entry(taken, { disposal: 'keep', setTimers: [{ nonce: '1-0', text: 'limit', delay: 0 }] }))
      expect((await get('a')).message.timers).toHaveLength(1)
      expect((await claim()).messages).toEqual([])
    })

    test('of no delay are due at once, and of a short one soon but never early', async () => {
      const { send, take, commit, claimDue } = scene()
      await send(message('a'))
      await commit(entry(await take(), { setTimers: [{ nonce: '1-0', text: 'now', delay: 0 }] }))
      const taken = await take()
      await commit(
        entry(taken, { clearTimers: taken.timers, setTimers: [{ nonce: '2-0', text: 'soon', delay: SHORT }] }),
      )
      const { now, messages } = await claimDue()
      expect(messages[0]!.timers).toMatchObject([{ nonce: '2-0', due: messages[0]!.dueAt }])
      expect(now).toBeGreaterThanOrEqual(messages[0]!.dueAt)
    })
  })
}
