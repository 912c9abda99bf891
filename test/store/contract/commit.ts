import { describe, expect, test } from '@jest/globals'
import { entry, ids, LONG, message, newToken, nextFence, type Scene } from '../scene.ts'

export function describeCommit(scene: () => Scene): void {
  describe('commit', () => {
    test('keeps the lease with a new fence', async () => {
      const { send, take, commit, get, claim, now } = scene()
      await send(message('a'))
      const taken = await take({ lease: 5000, worker: 'ada' })
      const before = await now()
      expect(await commit(entry(taken, { disposal: 'keep', state: 'busy' }))).toEqual([
        { status: 'applied', inbox: false },
      ])
      const { message: stored, attentionAt } = await get('a')
      expect(stored).toMatchObject({ state: 'busy', revision: 2, owner: nextFence(taken), worker: 'ada' })
      expect(attentionAt).toBeGreaterThanOrEqual(before + LONG)
      expect((await claim()).messages).toEqual([])
      expect(await commit(entry({ ...taken, state: 'busy', fence: nextFence(taken) }))).toMatchObject([
        { status: 'applied' },
      ])
    })

    test('releases a message to its next attention', async () => {
      const { send, take, commit, get } = scene()
      await send(message('a'), message('b'))
      const [a, b] = [await take({ limit: 1 }), await take({ limit: 1 })]
      await commit(entry(a), entry(b, { attention: 'now' }))
      const { message: stored, attentionAt } = await get('a')
      expect(attentionAt).toBeNull()
      for (const gone of ['owner', 'worker', 'progress']) expect(stored).not.toHaveProperty(gone)
      expect(await take()).toMatchObject({ id: 'b', revision: 3 })
    })

    test('settles a message, inbox and all', async () => {
      const { send, take, commit, get, deliver, store, partition, claim } = scene()
      await send(message('a'))
      const taken = await take()
      await deliver('a', 'E')
      const settled = entry(taken, {
        state: 'done',
        disposal: 'settle',
        attention: 'now',
        changes: [{ field: 'x', value: 'done' }],
        setTimers: [{ nonce: '1-0', text: 't', delay: 0 }],
      })
      expect(await commit(settled)).toEqual([{ status: 'applied', inbox: false }])
      expect((await get('a')).attentionAt).toBeNull()
      expect(await store.inbox(partition, 'a')).toEqual([])
      expect((await claim()).messages).toEqual([])
    })

    test('parks a message with its inbox', async () => {
      const { send, take, commit, get, deliver, claim } = scene()
      await send(message('a'))
      const taken = await take()
      await deliver('a', 'E')
      expect(await commit(entry(taken, { disposal: 'park', attention: 'now' }))).toMatchObject([{ status: 'applied' }])
      expect(await get('a')).toMatchObject({ attentionAt: null, message: { inbox: ['E'] } })
      expect((await claim()).messages).toEqual([])
      await deliver('a', 'F')
      expect((await take()).inbox).toEqual(['E', 'F'])
    })

    test('removes a message whole, so that its id is free', async () => {
      const { send, take, commit, store, partition, population, deliver, feed } = scene()
      await send(message('a'))
      await deliver('a', 'E')
      await commit(entry(await take(), { disposal: 'remove', transitions: ['"gone"'] }))
      expect(await store.read(partition, ['a'])).toEqual([undefined])
      expect(await store.inbox(partition, 'a')).toEqual([])
      expect(await population()).toEqual({})
      expect((await feed()).at(-1)).toBe('["gone"]')
      expect(await send(message('a'))).toEqual(['created'])
      expect(await take()).toMatchObject({ revision: 1, inbox: [] })
    })

    test('answers for each of a batch, and one refused does not hold up the others', async () => {
      const { send, take, commit, claim, feed } = scene()
      await send(message('a'), message('b'), message('c'))
      const a = await take({ limit: 1 })
      const { messages } = await claim()
      const results = await commit(
        entry(a, { transitions: ['"a"'] }),
        entry({ ...messages[0]!, fence: `1:${newToken()}` }, { transitions: ['"wrong"'] }),
        entry({ ...a, id: 'nowhere' }, { transitions: ['"nowhere"'] }),
        entry(messages[1]!, { transitions: ['"c1"', '"c2"'] }),
      )
      expect(results.map(({ status }) => status)).toEqual(['applied', 'fenced', 'unknown', 'applied'])
      expect((await feed()).at(-1)).toBe('["a","c1","c2"]')
    })

    test('takes an empty batch', async () => {
      const { commit, store, partition } = scene()
      expect(await commit()).toEqual([])
      expect((await store.commit(partition, { worker: 'w', lease: LONG, entries: [] })).now).toBeGreaterThan(1.6e12)
    })

    test('fences whoever never claimed, and a message that was replaced', async () => {
      const { send, take, commit } = scene()
      await send(message('a'))
      expect(await commit(entry({ id: 'a', fence: `0:${newToken()}`, state: 'todo' }))).toMatchObject([
        { status: 'fenced' },
      ])
      const old = await take()
      await commit(entry(old, { disposal: 'remove' }))
      await send(message('a'))
      expect(await commit(entry(old, { state: 'done' }))).toMatchObject([{ status: 'fenced' }])
    })

    test('moves a message from state to state', async () => {
      const { send, take, commit, population, store, partition } = scene()
      await send(message('a'))
      const taken = await take()
      await commit(entry(taken, { state: 'review.waiting', attention: 'now' }))
      expect(await population()).toEqual({ 'review.waiting': 1 })
      const again = await take()
      await commit(entry(again, { state: 'billing.due+shipping.packed' }))
      expect(await population()).toEqual({ 'billing.due+shipping.packed': 1 })
      expect([...(await store.stats(partition)).states.keys()].toSorted()).toEqual(
        ['billing.due+shipping.packed', 'review.waiting', 'todo'].toSorted(),
      )
    })

    test('notes when a state was entered, and only then', async () => {
      const { send, take, commit, get, reach, now } = scene()
      await send(message('a'))
      const { createdAt } = (await get('a')).message
      await reach((await now()) + 2)
      await commit(entry(await take(), { attention: 'now' }))
      expect((await get('a')).message.enteredAt).toBe(createdAt)
      await commit(entry(await take(), { attention: 'now', state: 'next', entered: true }))
      const { enteredAt, createdAt: still } = (await get('a')).message
      expect(enteredAt).toBeGreaterThanOrEqual(createdAt + 2)
      expect(still).toBe(createdAt)
    })

    test('appends to the journal and forgets its oldest entries', async () => {
      const { send, take, commit, get } = scene()
      const long = 'why '.repeat(40)
      await send(message('a', { journal: long }))
      const one = await take()
      await commit(
        entry(one, {
          attention: 'now',
          journal: [
            { seq: 1, text: long },
            { seq: 2, text: '' },
          ],
        }),
      )
      const { journal } = (await get('a')).message
      expect(journal.map(({ seq, text }) => [seq, text])).toEqual([
        [0, long],
        [1, long],
        [2, ''],
      ])
      const two = await take()
      await commit(entry(two, { journal: [{ seq: 3, text: 'three | four' }], forget: two.journal.slice(0, 2) }))
      const { journal: rest, fields } = (await get('a')).message
      expect(rest.map(({ seq, text }) => [seq, text])).toEqual([
        [2, ''],
        [3, 'three | four'],
      ])
      expect(fields).toEqual(message('a').fields)
    })

    test('writes one entry of the feed for a batch, and none without a transition', async () => {
      const { send, claim, commit, feed } = scene()
      await send(message('a'), message('b'))
      const { messages } = await claim()
      await commit(...messages.map((taken) => entry(taken, { attention: 'now', transitions: [`"${taken.id}"`] })))
      await commit(...(await claim()).messages.map((taken) => entry(taken)))
      expect(await feed()).toEqual(['[["a","todo"],["b","todo"]]', '["a","b"]'])
      expect(ids(messages)).toEqual(['a', 'b'])
    })

    test('takes what it has read out of the inbox, from the oldest', async () => {
      const { send, take, commit, deliver } = scene()
      await send(message('a'))
      await deliver('a', '1', '2')
      const taken = await take()
      await deliver('a', '3')
      expect(await commit(entry(taken, { consumed: 2, disposal: 'keep' }))).toEqual([
        { status: 'applied', inbox: true },
      ])
      const next = { ...taken, fence: nextFence(taken) }
      expect(await commit(entry(next, { consumed: 1 }))).toEqual([{ status: 'applied', inbox: false }])
    })
  })
}
