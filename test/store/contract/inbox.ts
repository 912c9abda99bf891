import { describe, expect, test } from '@jest/globals'
import { entry, message, newToken, SHORT, type Scene } from '../scene.ts'

export function describeInbox(scene: () => Scene): void {
  describe('deliver', () => {
    test('appends in order', async () => {
      const { send, deliver, store, partition } = scene()
      await send(message('a'))
      expect(await deliver('a', '1', '2')).toEqual(['delivered', 'delivered'])
      await deliver('a', '3')
      expect(await store.inbox(partition, 'a')).toEqual(['1', '2', '3'])
      expect(await store.inbox(partition, 'b')).toEqual([])
    })

    test('answers for each message', async () => {
      const { send, store, partition, commit, take } = scene()
      await send(message('done'))
      await commit(entry(await take(), { disposal: 'settle', changes: [{ field: 'x', value: 'done' }] }))
      await send(message('live'))
      const deliveries = ['live', 'nowhere', 'done', 'live'].map((id) => ({ id, event: 'E' }))
      expect(await store.deliver(partition, newToken(), deliveries)).toEqual([
        'delivered',
        'missing',
        'settled',
        'delivered',
      ])
      expect(await store.inbox(partition, 'done')).toEqual([])
      expect(await store.inbox(partition, 'nowhere')).toEqual([])
      expect(await store.deliver(partition, newToken(), [])).toEqual([])
    })

    test('makes a message due that waits for a timer, and leaves the timer', async () => {
      const { send, deliver, take } = scene()
      await send(message('a', { attention: 'timers', timers: [{ nonce: '0-0', text: 't', delay: 60_000 }] }))
      await deliver('a', 'E')
      expect(await take()).toMatchObject({ inbox: ['E'], timers: [{ nonce: '0-0' }] })
    })

    test('waits while the message is held', async () => {
      const { send, deliver, claim, take, get } = scene()
      await send(message('a'))
      await take()
      const { attentionAt } = await get('a')
      expect(await deliver('a', 'E')).toEqual(['delivered'])
      expect((await get('a')).attentionAt).toBe(attentionAt)
      expect((await claim()).messages).toEqual([])
    })

    test('makes a message due whose holder is lost', async () => {
      const { send, deliver, claim, take, reach } = scene()
      await send(message('a'))
      const { now } = await claim({ lease: SHORT })
      await reach(now + SHORT + 25)
      await deliver('a', 'E')
      expect((await take()).inbox).toEqual(['E'])
    })
  })
}
