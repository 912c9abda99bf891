import { describe, expect, test } from '@jest/globals'
import { entry, ids, LONG, message, newToken, SHORT, type Scene } from '../scene.ts'

export function describeClaim(scene: () => Scene): void {
  describe('claim', () => {
    test('takes a message with its lease, its owner and all that is stored', async () => {
      const { send, claim, get } = scene()
      await send(message('a', { timers: [{ nonce: '0-0', text: 'wake', delay: LONG }] }))
      const token = newToken()
      const { now, messages } = await claim({ token, worker: 'ada' })
      const { message: stored, attentionAt } = await get('a')
      expect(messages).toEqual([{ ...stored, fence: `1:${token}`, dueAt: stored.createdAt }])
      expect(stored).toMatchObject({ revision: 1, worker: 'ada', owner: `1:${token}`, timers: [{ nonce: '0-0' }] })
      expect(attentionAt).toBe(now + LONG)
    })

    test('takes nothing from an empty partition', async () => {
      const { claim } = scene()
      const { messages, next, now } = await claim()
      expect({ messages, next }).toEqual({ messages: [], next: undefined })
      expect(now).toBeGreaterThan(1_600_000_000_000)
    })

    test('takes the oldest first, within a state and between them', async () => {
      const { send, claim, reach, now } = scene()
      for (const [id, state] of [
        ['1', 'b'],
        ['2', 'a'],
        ['3', 'b'],
        ['4', 'a'],
      ] as const) {
        await send(message(id, { state }))
        await reach((await now()) + 2)
      }
      expect(ids((await claim({ limit: 1 })).messages)).toEqual(['1'])
      expect(ids((await claim({ limit: 1 })).messages)).toEqual(['2'])
      expect(ids((await claim({ limit: 2 })).messages)).toEqual(['3', '4'])
    })

    test('gives each state its share, whichever is flooded', async () => {
      for (const flooded of ['todo', 'retrying', 'waiting']) {
        const { send, claim, reach, now } = scene()
        await send(...Array.from({ length: 40 }, (_, i) => message(`${flooded}-${i}`, { state: flooded })))
        await reach((await now()) + 2)
        await send(
          ...['todo', 'retrying', 'waiting'].flatMap((state) => [
            message(`late-${state}-1`, { state }),
            message(`late-${state}-2`, { state }),
          ]),
        )
        const { messages } = await claim({ limit: 9 })
        const others = messages.filter(({ state }) => state !== flooded)
        expect(others).toHaveLength(4)
        expect(messages).toHaveLength(9)
      }
    })

    test('gives what a state leaves of its share to the oldest of the others', async () => {
      const { send, claim, reach, now } = scene()
      await send(...Array.from({ length: 6 }, (_, i) => message(`a${i}`, { state: 'a' })))
      await reach((await now()) + 2)
      await send(...Array.from({ length: 6 }, (_, i) => message(`b${i}`, { state: 'b' })))
      await send(message('c0', { state: 'c' }))
      const { messages } = await claim({ limit: 9 })
      const count = (state: string): number => messages.filter((each) => each.state === state).length
      expect([count('a'), count('b'), count('c')]).toEqual([5, 3, 1])
    })

    test('keeps to its limit, and says that there is more', async () => {
      const { send, claim } = scene()
      await send(...Array.from({ length: 5 }, (_, i) => message(`m${i}`)))
      const first = await claim({ limit: 3 })
      expect(first.messages).toHaveLength(3)
      expect(first.next).toBeLessThanOrEqual(first.now)
      const second = await claim({ limit: 3 })
      expect(second.messages).toHaveLength(2)
      expect(new Set([...ids(first.messages), ...ids(second.messages)]).size).toBe(5)
    })

    test('tells when the next message is due', async () => {
      const { send, claim, get } = scene()
      await send(
        message('soon', { attention: 'timers', timers: [{ nonce: '0-0', text: 't', delay: LONG }] }),
        message('late', { state: 'b', attention: 'timers', timers: [{ nonce: '0-0', text: 't', delay: 2 * LONG }] }),
        message('never', { state: 'c', attention: 'timers' }),
      )
      const { messages, next } = await claim()
      expect(messages).toEqual([])
      expect(next).toBe((await get('soon')).attentionAt)
    })

    test('counts the end of a lease as due', async () => {
      const { send, claim } = scene()
      await send(message('a'))
      const { now, next } = await claim()
      expect(next).toBe(now + LONG)
    })

    test('is never early', async () => {
      const { send, claimDue, get } = scene()
      await send(message('a', { attention: 'timers', timers: [{ nonce: '0-0', text: 't', delay: SHORT }] }))
      const due = (await get('a')).attentionAt!
      const { now, messages } = await claimDue()
      expect(now).toBeGreaterThanOrEqual(due)
      expect(messages).toMatchObject([{ id: 'a', dueAt: due }])
    })

    test('gives a message to one claimer only', async () => {
      const { send, claim } = scene()
      await send(...Array.from({ length: 20 }, (_, i) => message(`m${i}`)))
      const claims = await Promise.all(Array.from({ length: 8 }, () => claim({ limit: 5 })))
      const taken = claims.flatMap(({ messages }) => ids(messages))
      expect(taken).toHaveLength(20)
      expect(new Set(taken).size).toBe(20)
      expect((await claim()).messages).toEqual([])
    })

    test('recovers a message at the end of its lease, with a new fence', async () => {
      const { send, claim, claimDue } = scene()
      await send(message('a'))
      const first = await claim({ lease: SHORT, worker: 'first' })
      const token = newToken()
      const second = await claimDue({ token, worker: 'second' })
      expect(second.now).toBeGreaterThanOrEqual(first.now + SHORT)
      expect(second.messages).toMatchObject([{ id: 'a', fence: `2:${token}`, worker: 'second', revision: 2 }])
    })

    test('brings the inbox', async () => {
      const { send, deliver, take } = scene()
      await send(message('a'))
      await deliver('a', '{"type":"ONE"}', '{"type":"TWO"}')
      expect((await take()).inbox).toEqual(['{"type":"ONE"}', '{"type":"TWO"}'])
    })

    test('takes nothing for a limit of nothing', async () => {
      const { send, claim, take } = scene()
      await send(message('a'))
      expect((await claim({ limit: 0 })).messages).toEqual([])
      await take()
    })

    test('finds messages in a state that a commit was the first to use', async () => {
      const { send, take, commit } = scene()
      await send(message('a'))
      await commit(entry(await take(), { state: 'brand.new', attention: 'now' }))
      expect(await take()).toMatchObject({ id: 'a', state: 'brand.new' })
    })
  })
}
