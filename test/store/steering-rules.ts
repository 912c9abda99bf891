// Rules are run by the tests of both stores, and by rules.test.ts.
import { expect } from '@jest/globals'
import { PARKED } from '../../src/store/store.ts'
import { entry, ids, LONG, message, newToken, until, type Scene } from './scene.ts'

/** What holds of a queue that is paused, and of messages that are deleted and may come back. */
export const STEERING_RULES = {
  async 'nothing is claimed from a paused partition'(scene: Scene) {
    const { partition, store } = scene
    await scene.send(message('a'))
    expect(await store.pause(partition, true)).toBe(true)
    expect(await scene.claim()).toMatchObject({ messages: [], paused: true })
    expect((await store.stats(partition)).paused).toBe(true)
    await store.pause(partition, false)
    expect(await store.paused(partition)).toBe(false)
    expect(await scene.take()).toMatchObject({ id: 'a', revision: 1 })
  },

  async 'a claim that is sent again answers the same after a pause'(scene: Scene) {
    await scene.send(message('a'))
    const token = newToken()
    await scene.claim({ token })
    await scene.store.pause(scene.partition, true)
    expect(ids((await scene.claim({ token })).messages)).toEqual(['a'])
  },

  async 'a pause is announced, and its end makes workers look'(scene: Scene) {
    const { partition, store } = scene
    const heard: string[] = []
    const later = (await scene.now()) + LONG / 2
    const end = await store.subscribe(partition, {
      paused: () => void heard.push('paused'),
      wake: (due) => void heard.push(due > later ? 'later' : 'now'),
    })
    // What is announced after it is heard after it.
    const sendLater = (id: string) =>
      scene.send(message(id, { attention: 'timers', timers: [{ nonce: '0-0', text: 't', delay: LONG }] }))
    await store.pause(partition, true)
    await sendLater('a')
    await until(() => heard.includes('later'))
    expect(heard).toEqual(['paused', 'later'])
    await store.pause(partition, false)
    await sendLater('b')
    await until(() => heard.filter((each) => each === 'later').length === 2)
    await end()
    expect(heard).toEqual(['paused', 'later', 'now', 'later'])
  },

  async 'what is held is worked off in a pause'(scene: Scene) {
    const { partition, store } = scene
    await scene.send(message('a'))
    const taken = await scene.take()
    await store.pause(partition, true)
    expect(await store.heartbeat(partition, LONG, [taken])).toEqual(['renewed'])
    expect(await scene.deliver('a', 'E')).toEqual(['delivered'])
    expect(await scene.commit(entry(taken, { state: 'done' }))).toMatchObject([{ status: 'applied', inbox: true }])
    expect(await scene.send(message('b'))).toEqual(['created'])
  },

  async 'what came while a message was looked at makes one due that is parked'(scene: Scene) {
    await scene.send(message('a'))
    await scene.deliver('a', 'seen')
    const taken = await scene.take()
    await scene.deliver('a', 'news')
    await scene.commit(entry(taken, { disposal: 'park', seen: 1 }))
    const again = await scene.take()
    expect(again.inbox).toEqual(['seen', 'news'])
    await scene.commit(entry(again, { disposal: 'park', seen: 2 }))
    expect((await scene.claim()).messages).toEqual([])
    expect((await scene.get('a')).message.inbox).toEqual(['seen', 'news'])
  },

  async 'a discarded message comes back as it was, to its place'(scene: Scene) {
    const { partition, store } = scene
    await scene.send(message('a', { attention: 'timers' }), message('b'))
    await scene.deliver('b', 'E')
    const before = await store.read(partition, ['a', 'b'])
    const places = await Promise.all([place(scene, 'a'), place(scene, 'b')])
    for (const id of ['a', 'b']) expect(await discard(scene, id)).toBe('removed')
    expect(await store.read(partition, ['a', 'b'])).toEqual([undefined, undefined])
    expect(await scene.population()).toEqual({})
    expect(await store.discarded(partition, 'op')).toEqual(['a', 'b'])
    expect(await store.restore(partition, ['a', 'b', 'c'])).toEqual(['restored', 'restored', 'gone'])
    expect(await store.read(partition, ['a', 'b'])).toEqual(before)
    expect(await Promise.all([place(scene, 'a'), place(scene, 'b')])).toEqual(places)
    expect(places[0]).toBeGreaterThan(PARKED)
    expect(await scene.take()).toMatchObject({ id: 'b', inbox: ['E'] })
  },

  async 'a discarded message does not come over a new one of its id'(scene: Scene) {
    await scene.send(message('a'))
    await discard(scene, 'a')
    await scene.send(message('a', { state: 'new' }))
    expect(await scene.store.restore(scene.partition, ['a'])).toEqual(['present'])
    expect(await scene.population()).toEqual({ new: 1 })
  },

  async 'a lock protects from being discarded'(scene: Scene) {
    const { partition, store } = scene
    await scene.send(message('a'))
    await scene.take()
    expect(await discard(scene, 'a')).toBe('locked')
    expect(await discard(scene, 'nobody')).toBe('missing')
    expect(await store.discarded(partition, 'op')).toEqual([])
  },

  async 'what is discarded frees its bytes, and takes them again'(scene: Scene) {
    const { partition, store } = scene
    const send = (id: string) => store.enqueue(partition, newToken(), [message(id)], { bytes: 200 })
    await send('a')
    const full = await fill(send)
    await discard(scene, 'a')
    expect(await send('more')).toEqual(['created'])
    await discard(scene, 'more')
    await store.restore(partition, ['a'])
    expect(await send(full)).toMatchObject([{ refused: 'bytes' }])
  },
}

const discard = ({ store, partition }: Scene, id: string) =>
  store.discard(partition, { id, token: newToken(), operation: 'op', keepFor: LONG })

async function place({ store, partition }: Scene, id: string): Promise<number> {
  const all = await store.members(partition, { state: 'todo', limit: 10, newestFirst: false })
  return all.find((member) => member.id === id)!.score
}

/** Sends until there is no room; returns the id of the one that was refused. */
async function fill(send: (id: string) => Promise<unknown[]>): Promise<string> {
  for (let i = 0; i < 100; i++) {
    const [status] = await send(`f${i}`)
    if (status !== 'created') return `f${i}`
  }
  throw new Error('it is never full')
}
