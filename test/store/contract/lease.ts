import { describe, expect, test } from '@jest/globals'
import { entry, LONG, message, newToken, SHORT, type Scene } from '../scene.ts'

export function describeLease(scene: () => Scene): void {
  describe('heartbeat', () => {
    test('renews a lease from now on', async () => {
      const { send, claim, store, partition, get } = scene()
      await send(message('a'))
      const { now, messages } = await claim({ lease: 5000 })
      expect(await store.heartbeat(partition, LONG, messages)).toEqual(['renewed'])
      const { attentionAt, message: stored } = await get('a')
      expect(attentionAt).toBeGreaterThanOrEqual(now + LONG)
      expect(stored.revision).toBe(messages[0]!.revision)
    })

    test('renews a lease that ended and that nobody took', async () => {
      const { send, claim, store, partition, reach, commit } = scene()
      await send(message('a'))
      const { now, messages } = await claim({ lease: SHORT })
      await reach(now + SHORT + 25)
      expect(await store.heartbeat(partition, LONG, messages)).toEqual(['renewed'])
      expect((await claim()).messages).toEqual([])
      expect(await commit(entry(messages[0]!))).toMatchObject([{ status: 'applied' }])
    })

    test('keeps a message from others beyond its first lease', async () => {
      const { send, claim, store, partition, reach } = scene()
      await send(message('a'))
      const { now, messages } = await claim({ lease: SHORT })
      await store.heartbeat(partition, LONG, messages)
      await reach(now + SHORT + 25)
      expect((await claim()).messages).toEqual([])
    })

    test('answers for each, in order', async () => {
      const { send, claim, store, partition, deliver } = scene()
      await send(message('a'), message('b'), message('c'))
      const { messages } = await claim()
      await deliver('b', 'E')
      const beats = [...messages, { id: 'd', fence: `1:${newToken()}` }, { id: 'a', fence: `1:${newToken()}` }]
      expect(await store.heartbeat(partition, LONG, beats)).toEqual(['renewed', 'mail', 'renewed', 'lost', 'lost'])
      expect(await store.heartbeat(partition, LONG, [])).toEqual([])
    })

    test('is lost after a release, and after a commit that it did not hear of', async () => {
      const { send, take, store, partition, commit } = scene()
      await send(message('a'), message('b'))
      const [a, b] = [await take({ limit: 1 }), await take({ limit: 1 })]
      await commit(entry(a), entry(b, { disposal: 'keep' }))
      expect(await store.heartbeat(partition, LONG, [a, b])).toEqual(['lost', 'lost'])
    })

    test('carries progress until the message is let go', async () => {
      const { send, take, store, partition, commit, get } = scene()
      await send(message('a'))
      const taken = await take()
      const progress = '{"done":3,"of":7,"what":"ünïcode and\\nlines"}'.repeat(4)
      await store.heartbeat(partition, LONG, [{ ...taken, progress }])
      expect((await get('a')).message.progress).toBe(progress)
      await store.heartbeat(partition, LONG, [taken])
      expect((await get('a')).message.progress).toBe(progress)
      await commit(entry(taken))
      expect((await get('a')).message).not.toHaveProperty('progress')
    })

    test('takes no progress from an old owner', async () => {
      const { send, take, store, partition, get } = scene()
      await send(message('a'))
      await take()
      const late = { id: 'a', fence: `1:${newToken()}`, progress: '"late"' }
      expect(await store.heartbeat(partition, LONG, [late])).toEqual(['lost'])
      expect((await get('a')).message).not.toHaveProperty('progress')
    })
  })
}
