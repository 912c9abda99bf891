import { describe, expect, test } from '@jest/globals'
import { entry, ids, message, newToken, type Scene } from '../scene.ts'

export function describeRetention(scene: () => Scene): void {
  /** Messages `0`, `1`, … settled one after another; returns when each was. */
  async function settle({ send, take, commit, reach, now, get }: Scene, count: number): Promise<number[]> {
    const times: number[] = []
    for (let i = 0; i < count; i++) {
      await send(message(String(i)))
      await commit(entry(await take(), { state: 'done', disposal: 'settle', entered: true }))
      times.push((await get(String(i))).message.enteredAt)
      await reach((await now()) + 3)
    }
    return times
  }

  async function left({ store, partition }: Scene): Promise<string[]> {
    const listed = await store.list(partition, { state: 'done', offset: 0, limit: 100, newestFirst: false })
    return ids(listed.map((each) => each.message))
  }

  describe('trim', () => {
    test('deletes by age, oldest first', async () => {
      const it = scene()
      const times = await settle(it, 4)
      const at = await it.now()
      // Between the second and the third, whatever time passes until the call.
      const age = at - times[1]!
      expect(await it.store.trim(it.partition, { state: 'done', age: age + 60_000, limit: 100 })).toBe(0)
      expect(await it.store.trim(it.partition, { state: 'done', age, limit: 1 })).toBe(1)
      expect(await left(it)).toEqual(['1', '2', '3'])
      expect(await it.store.trim(it.partition, { state: 'done', age, limit: 100 })).toBeGreaterThanOrEqual(1)
      expect(await left(it)).not.toContain('1')
      await it.store.trim(it.partition, { state: 'done', age: 0, limit: 100 })
      expect(await left(it)).toEqual([])
    })

    test('keeps the newest of a count', async () => {
      const it = scene()
      await settle(it, 5)
      expect(await it.store.trim(it.partition, { state: 'done', keep: 9, limit: 100 })).toBe(0)
      expect(await it.store.trim(it.partition, { state: 'done', keep: 2, limit: 2 })).toBe(2)
      expect(await it.store.trim(it.partition, { state: 'done', keep: 2, limit: 100 })).toBe(1)
      expect(await left(it)).toEqual(['3', '4'])
    })

    test('does both, whichever deletes more', async () => {
      const it = scene()
      await settle(it, 4)
      expect(await it.store.trim(it.partition, { state: 'done', age: 60_000, keep: 3, limit: 100 })).toBe(1)
      expect(await it.store.trim(it.partition, { state: 'done', age: 0, keep: 3, limit: 100 })).toBe(3)
    })

    test('deletes all of a message, and nothing without a bound or in another state', async () => {
      const it = scene()
      await settle(it, 2)
      await it.send(message('other', { state: 'else', attention: 'timers' }))
      expect(await it.store.trim(it.partition, { state: 'done', limit: 100 })).toBe(0)
      expect(await it.store.trim(it.partition, { state: 'never', age: 0, limit: 100 })).toBe(0)
      expect(await it.store.trim(it.partition, { state: 'done', age: 0, limit: 100 })).toBe(2)
      expect(await it.store.read(it.partition, ['0', '1'])).toEqual([undefined, undefined])
      expect(await it.population()).toEqual({ else: 1 })
      expect(await it.send(message('0'))).toEqual(['created'])
    })
  })

  describe('trim by bytes', () => {
    test('keeps the newest that fit, once it is called until nothing is left to do', async () => {
      const it = scene()
      for (const [i, size] of [1000, 1000, 1000, 1000, 3000].entries()) {
        await it.send(message(String(i), { fields: { p: 'x'.repeat(size) } }))
        await it.commit(entry(await it.take(), { state: 'done', disposal: 'settle' }))
        await it.reach((await it.now()) + 3)
      }
      const trim = (bytes: number) => it.store.trim(it.partition, { state: 'done', bytes, limit: 100 })
      expect(await trim(100_000)).toBe(0)
      // Room for the largest and one more; what the server needs for itself is counted too.
      while ((await trim(6000)) > 0);
      expect(await left(it)).toContain('4')
      expect((await left(it)).length).toBeLessThanOrEqual(4)
      expect((await left(it)).length).toBeGreaterThanOrEqual(2)
      expect(await trim(0)).toBeGreaterThan(0)
      expect(await left(it)).toEqual([])
    })

    test('does nothing in a state without messages', async () => {
      const { store, partition } = scene()
      expect(await store.trim(partition, { state: 'done', bytes: 1, limit: 100 })).toBe(0)
    })
  })

  describe('repair and forget', () => {
    test('find nothing in a store that is as it should be', async () => {
      const it = scene()
      await settle(it, 1)
      const timers = [{ nonce: '0-0', text: 'wake', delay: 60_000 }]
      await it.send(message('due'), message('timer', { attention: 'timers', timers }), message('mail'))
      await it.deliver('mail', 'E')
      await it.claim({ limit: 1 })
      const ids = ['0', 'due', 'timer', 'mail']
      expect(await it.store.repair(it.partition, 'look', [...ids, 'nowhere'])).toEqual([[], [], [], [], ['missing']])
      const before = await it.store.read(it.partition, ids)
      expect(await it.store.repair(it.partition, 'mend', ids)).toEqual([[], [], [], []])
      expect(await it.store.read(it.partition, ids)).toEqual(before)
      expect(await it.store.forget(it.partition, { missingFor: 0, limit: 10 })).toBe(0)
      expect(await it.store.repair(it.partition, 'look', [])).toEqual([])
    })
  })

  describe('remove', () => {
    test('removes a message whole', async () => {
      const { send, store, partition, population, deliver } = scene()
      await send(message('a'))
      await deliver('a', 'E')
      expect(await store.remove(partition, 'a', newToken())).toBe('removed')
      expect(await store.remove(partition, 'a', newToken())).toBe('missing')
      expect(await population()).toEqual({})
      expect(await store.inbox(partition, 'a')).toEqual([])
    })

    test('needs the lock of whoever holds one', async () => {
      const { send, store, partition, take, hold } = scene()
      const token = newToken()
      await send(message('a'), message('b'))
      await take({ token, limit: 1 })
      expect(await store.remove(partition, 'a', newToken())).toBe('locked')
      expect(await store.remove(partition, 'a', token)).toBe('removed')
      await hold(partition, 'b', token, 60_000)
      expect(await store.remove(partition, 'b', newToken())).toBe('locked')
      expect(await store.remove(partition, 'b', token)).toBe('removed')
      expect(await send(message('b'))).toEqual(['created'])
      await take()
    })

    test('makes the commit of its late owner unknown', async () => {
      const { send, store, partition, take, commit, population } = scene()
      await send(message('a'))
      const token = newToken()
      const taken = await take({ token })
      await store.remove(partition, 'a', token)
      expect(await commit(entry(taken, { state: 'done' }))).toEqual([{ status: 'unknown', inbox: false }])
      expect(await population()).toEqual({})
    })
  })
}
