import { describe, expect, test } from '@jest/globals'
import { PARKED } from '../../../src/store/store.ts'
import { ids, LONG, message, type Scene } from '../scene.ts'

export function describeLookout(scene: () => Scene): void {
  const timer = (delay: number) => ({ attention: 'timers' as const, timers: [{ nonce: '0-0', text: 't', delay }] })

  describe('survey', () => {
    test('counts what is there and what is due, and tells since when the head of each set waits', async () => {
      const { send, store, partition, take } = scene()
      await send(message('held'))
      await take()
      await send(
        message('due'),
        message('later', timer(LONG)),
        message('parked', { state: 'done', attention: 'timers' }),
      )
      const { now, states } = await store.survey(partition)
      const [todo, done] = [states.get('todo')!, states.get('done')!]
      expect(todo).toMatchObject({ count: 3, due: 1 })
      expect(todo.next).toBeLessThanOrEqual(now)
      expect(now - todo.headEnteredAt!).toBeGreaterThanOrEqual(0)
      expect(now - todo.headEnteredAt!).toBeLessThan(LONG)
      expect(done).toMatchObject({ count: 1, due: 0, next: null })
      expect(done.headEnteredAt! - todo.headEnteredAt!).toBeGreaterThanOrEqual(0)
      expect(done.headEnteredAt).toBeLessThan(PARKED)
    })

    test('keeps a state that was left, without anybody at its head', async () => {
      const { send, store, partition } = scene()
      await send(message('a'))
      await store.remove(partition, 'a', 'x'.repeat(32))
      expect(Object.fromEntries((await store.survey(partition)).states)).toEqual({
        todo: { count: 0, due: 0, next: null, headEnteredAt: null },
      })
    })
  })

  describe('members', () => {
    test('go on behind a cursor however many share its score, both ways, also when that one is gone', async () => {
      const { send, store, partition } = scene()
      const names = ['a', 'b', 'c', 'd', 'e']
      await send(...names.map((id) => message(id, { attention: 'timers' })))
      const page = (after: { id: string; score: number } | undefined, newestFirst = false) =>
        store.members(partition, { state: 'todo', after, limit: 2, newestFirst })
      const first = await page(undefined)
      expect(ids(first)).toEqual(['a', 'b'])
      await store.remove(partition, 'b', 'x'.repeat(32))
      const second = await page(first[1])
      expect(ids(second)).toEqual(['c', 'd'])
      expect(ids(await page(second[1]))).toEqual(['e'])
      expect(await page({ id: 'e', score: second[1]!.score })).toEqual([])
      expect(ids(await page(undefined, true))).toEqual(['e', 'd'])
      expect(ids(await page(second[1], true))).toEqual(['c', 'a'])
    })
  })
}
