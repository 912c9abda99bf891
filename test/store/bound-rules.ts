// Rules are run by the tests of both stores, and by rules.test.ts.
// oxlint-disable jest/no-standalone-expect
import { expect } from '@jest/globals'
import { entry, message, newToken, type Scene } from './scene.ts'

const parked = { attention: 'timers' } as const
const full = (held: number) => ({ refused: 'messages', held })

/** What a queue may hold, and what becomes of what is beyond that. */
export const BOUND_RULES = {
  async 'a full partition refuses what is beyond its bound, in the order of the batch'(scene: Scene) {
    const { store, partition } = scene
    const batch = [message('a'), message('b'), message('c'), message('d')]
    expect(await store.enqueue(partition, newToken(), batch, { messages: 2 })).toEqual([
      'created',
      'created',
      full(2),
      full(2),
    ])
    expect(await scene.population()).toEqual({ todo: 2 })
    expect(await scene.feed()).toEqual(['[["a","todo"],["b","todo"]]'])
  },

  async 'a full partition answers duplicates as ever'(scene: Scene) {
    const { store, partition } = scene
    await scene.send(message('a'))
    expect(await store.enqueue(partition, newToken(), [message('a'), message('b')], { messages: 1 })).toEqual([
      'duplicate',
      full(1),
    ])
  },

  async 'a message that waits for nothing but an event, or is settled, takes no room'(scene: Scene) {
    const { store, partition } = scene
    await scene.send(message('settled'))
    await scene.commit(entry(await scene.take(), { state: 'done', disposal: 'settle' }))
    const batch = [message('idle', parked), message('a'), message('b')]
    expect(await store.enqueue(partition, newToken(), batch, { messages: 1 })).toEqual(['created', 'created', full(1)])
  },

  async 'a message that a worker has takes room'(scene: Scene) {
    const { store, partition } = scene
    await scene.send(message('a'))
    await scene.take()
    expect(await store.enqueue(partition, newToken(), [message('b')], { messages: 1 })).toEqual([full(1)])
  },

  async 'a refused send that is tried again is stored once there is room'(scene: Scene) {
    const { store, partition } = scene
    const token = newToken()
    await scene.send(message('a'))
    expect(await store.enqueue(partition, token, [message('b')], { messages: 1 })).toEqual([full(1)])
    await scene.commit(entry(await scene.take(), { disposal: 'remove' }))
    expect(await store.enqueue(partition, token, [message('b')], { messages: 1 })).toEqual(['created'])
  },

  async 'a partition refuses bytes beyond its bound'(scene: Scene) {
    const { store, partition } = scene
    const large = (id: string, size: number) => message(id, { fields: { p: 'x'.repeat(size) } })
    const batch = [large('a', 1000), large('b', 3000), large('c', 500)]
    const answers = await store.enqueue(partition, newToken(), batch, { bytes: 2500 })
    expect(answers).toEqual(['created', { refused: 'bytes', held: expect.any(Number) }, 'created'])
    const { held } = answers[1] as { held: number }
    // The fields of what was stored, with some bytes for ids, times and names.
    expect(held).toBeGreaterThan(1000)
    expect(held).toBeLessThan(1900)
  },

  async 'a message that is removed gives its bytes back'(scene: Scene) {
    await refill(scene, async ({ store, partition }) => {
      expect(await store.remove(partition, 'a', newToken())).toBe('removed')
    })
  },

  async 'a message whose commit removes it gives its bytes back'(scene: Scene) {
    await refill(scene, async ({ commit, take }) => {
      await commit(entry(await take(), { disposal: 'remove' }))
    })
  },

  async 'a message that is trimmed gives its bytes back'(scene: Scene) {
    await refill(scene, async ({ commit, take, store, partition }) => {
      await commit(entry(await take(), { state: 'done', disposal: 'settle' }))
      expect(await store.trim(partition, { state: 'done', keep: 0, limit: 10 })).toBe(1)
    })
  },

  async 'an inbox takes as many events as there is room for'(scene: Scene) {
    const { store, partition } = scene
    await scene.send(message('a'))
    const deliver = (...events: string[]) =>
      store.deliver(
        partition,
        newToken(),
        events.map((event) => ({ id: 'a', event, room: 2 })),
      )
    expect(await deliver('1', '2', '3')).toEqual(['delivered', 'delivered', 'full'])
    expect(await deliver('4')).toEqual(['full'])
    expect(await store.inbox(partition, 'a')).toEqual(['1', '2'])
    await scene.commit(entry(await scene.take(), { consumed: 1 }))
    expect(await deliver('5', '6')).toEqual(['delivered', 'full'])
    expect(await scene.deliver('a', 'without a bound')).toEqual(['delivered'])
  },

  async 'an event that was refused is new when it comes again, and one that came is not'(scene: Scene) {
    const { store, partition } = scene
    await scene.send(message('a'))
    const deliver = async (event: string) => {
      const delivery = { id: 'a', event, eventId: event, room: 1 }
      return (await store.deliver(partition, newToken(), [delivery]))[0]
    }
    expect(await deliver('1')).toBe('delivered')
    expect(await deliver('2')).toBe('full')
    expect(await deliver('1')).toBe('duplicate')
    await scene.commit(entry(await scene.take(), { consumed: 1 }))
    expect(await deliver('2')).toBe('delivered')
  },

  async 'what is finished takes only what brings it back, and only one that failed or is in quarantine'(scene: Scene) {
    const { store, partition } = scene
    const finish = async (id: string, state: string, fields: Readonly<Record<string, string>>) => {
      await scene.send(message(id))
      const changes = Object.entries({ x: 'error', ...fields }).map(([field, value]) => ({ field, value }))
      await scene.commit(entry(await scene.take(), { state, disposal: 'settle', changes }))
    }
    await finish('failed', '~failed', { F: 'where' })
    await finish('lost', '~failed', {})
    await finish('aside', '~quarantined', { q: 'why' })
    const ids = ['failed', 'lost', 'aside']
    const deliver = (revives: boolean) =>
      store.deliver(
        partition,
        newToken(),
        ids.map((id) => ({ id, event: 'E', revives })),
      )
    expect(await deliver(false)).toEqual(['settled', 'settled', 'settled'])
    expect(await deliver(true)).toEqual(['delivered', 'settled', 'delivered'])
    expect((await scene.claim()).messages.map(({ id }) => id).toSorted()).toEqual(['aside', 'failed'])
  },
} satisfies Record<string, (scene: Scene) => Promise<void>>

/** Fills a partition with one message, lets it go, and expects that another one has room then. */
async function refill(scene: Scene, letGo: (scene: Scene) => Promise<void>): Promise<void> {
  const { store, partition } = scene
  const send = (id: string) =>
    store.enqueue(partition, newToken(), [message(id, { fields: { p: 'x'.repeat(1000) } })], { bytes: 1500 })
  expect(await send('a')).toEqual(['created'])
  expect(await send('b')).toMatchObject([{ refused: 'bytes' }])
  await letGo(scene)
  expect(await send('b')).toEqual(['created'])
}
