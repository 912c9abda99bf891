import { describe, expect, test } from '@jest/globals'
import { entry, ids, LONG, message, type Scene } from '../scene.ts'

export function describeReading(scene: () => Scene): void {
  describe('read', () => {
    test('answers in the order of the question', async () => {
      const { send, store, partition } = scene()
      await send(message('a'), message('b'))
      const found = await store.read(partition, ['b', 'nowhere', 'a', 'b'])
      expect(found.map((listed) => listed?.message.id)).toEqual(['b', undefined, 'a', 'b'])
      expect(await store.read(partition, [])).toEqual([])
    })
  })

  describe('list', () => {
    const timer = (delay: number) => ({
      attention: 'timers' as const,
      timers: [{ nonce: '0-0', text: 't', delay }],
    })

    test('lists a state by attention, parked ones last in the order of their entry', async () => {
      const { send, store, partition, reach, now } = scene()
      await send(message('parked-1', { attention: 'timers' }))
      await reach((await now()) + 2)
      await send(message('parked-2', { attention: 'timers' }))
      await send(message('late', timer(2 * LONG)), message('soon', timer(LONG)), message('due'))
      await send(message('other', { state: 'other' }))
      const list = (newestFirst: boolean, offset = 0, limit = 100) =>
        store.list(partition, { state: 'todo', offset, limit, newestFirst })
      const order = ['due', 'soon', 'late', 'parked-1', 'parked-2']
      expect(ids((await list(false)).map(({ message: listed }) => listed))).toEqual(order)
      expect(ids((await list(true)).map(({ message: listed }) => listed))).toEqual(order.toReversed())
      expect(ids((await list(false, 1, 2)).map(({ message: listed }) => listed))).toEqual(['soon', 'late'])
      expect(ids((await list(true, 1, 2)).map(({ message: listed }) => listed))).toEqual(['parked-1', 'late'])
      expect(await list(false, 5)).toEqual([])
      expect(await list(false, 0, 0)).toEqual([])
      expect((await list(false)).map(({ attentionAt }) => typeof attentionAt)).toEqual([
        'number',
        'number',
        'number',
        'object',
        'object',
      ])
    })

    test('lists whole messages, as read does', async () => {
      const { send, store, partition, deliver } = scene()
      await send(message('a', timer(LONG)))
      await deliver('a', 'E')
      const listed = await store.list(partition, { state: 'todo', offset: 0, limit: 10, newestFirst: false })
      expect(listed).toEqual(await store.read(partition, ['a']))
      expect(listed[0]!.message.inbox).toEqual(['E'])
    })

    test('lists nothing of a state that is not in use', async () => {
      const { store, partition } = scene()
      expect(await store.list(partition, { state: 'never', offset: 0, limit: 10, newestFirst: false })).toEqual([])
    })
  })

  describe('stats', () => {
    test('counts each state in use, empty ones too', async () => {
      const { send, store, partition, take, commit } = scene()
      expect([...(await store.stats(partition)).states]).toEqual([])
      await send(message('a'))
      await commit(entry(await take(), { state: 'done' }))
      await send(message('b', { state: 'busy' }), message('c', { state: 'busy' }))
      const { states } = await store.stats(partition)
      expect(Object.fromEntries(states)).toEqual({ todo: 0, done: 1, busy: 2 })
    })

    test('tells when the next message is due, if any', async () => {
      const { send, store, partition, get } = scene()
      await send(message('never', { attention: 'timers' }))
      expect(await store.stats(partition)).not.toHaveProperty('next')
      await send(message('late', { attention: 'timers', timers: [{ nonce: '0-0', text: 't', delay: LONG }] }))
      expect((await store.stats(partition)).next).toBe((await get('late')).attentionAt)
      await send(message('now', { state: 'other' }))
      const { next, now } = await store.stats(partition)
      expect(next).toBe((await get('now')).attentionAt)
      expect(now).toBeGreaterThanOrEqual(next!)
    })
  })

  describe('definitions', () => {
    test('the first definition of a queue stays', async () => {
      const { store, partition } = scene()
      const name = `defined-${partition.queue}`
      expect(await store.defineQueue(name, { partitions: 4 })).toEqual({ partitions: 4 })
      expect(await store.defineQueue(name, { partitions: 8 })).toEqual({ partitions: 4 })
      await store.defineQueue(`${name}-2`, { partitions: 1 })
      const queues = await store.queues()
      expect(queues.get(name)).toEqual({ partitions: 4 })
      expect(queues.get(`${name}-2`)).toEqual({ partitions: 1 })
      expect(queues.has('never')).toBe(false)
    })
  })

  describe('ready', () => {
    test('describes the server, as often as it is asked', async () => {
      const { store, now } = scene()
      const facts = await store.ready()
      expect(facts.description).not.toBe('')
      expect(facts.warnings).toEqual([])
      expect(await store.ready()).toEqual(facts)
      expect(await now()).toBeGreaterThan(0)
    })
  })
}
