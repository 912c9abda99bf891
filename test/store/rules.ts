// Rules are run by the tests of both stores, and by rules.test.ts.
// oxlint-disable jest/no-standalone-expect
import { expect } from '@jest/globals'
import { entry, ids, LONG, message, newToken, nextFence, SHORT, until, type Scene } from './scene.ts'

/** Throws where the rule is broken. `rules.test.ts` shows that each does, once the line that keeps the rule is taken out. */
type Rule<S> = (scene: S) => Promise<void>

/** What a script must do however often, however late and by whomever it is called. Each was learnt from a failure. */
export const RULES = {
  async 'a claim that is sent again answers the same'(scene: Scene) {
    await scene.send(message('a'), message('b'))
    const token = newToken()
    const first = await scene.claim({ token, limit: 1 })
    const again = await scene.claim({ token, limit: 1 })
    expect(ids(again.messages)).toEqual(ids(first.messages))
    expect(again.messages.map(({ fence }) => fence)).toEqual(first.messages.map(({ fence }) => fence))
    expect(again.messages[0]!.dueAt).toBe(first.messages[0]!.dueAt)
  },

  async 'a claim that is sent again answers only what is still its own'(scene: Scene) {
    await scene.send(message('gone'), message('kept'), message('freed'))
    const token = newToken()
    const { messages } = await scene.claim({ token })
    const [gone, , freed] = ['gone', 'kept', 'freed'].map((id) => messages.find((each) => each.id === id)!)
    await scene.commit(entry(gone!, { disposal: 'remove' }), entry(freed!))
    expect(ids((await scene.claim({ token })).messages)).toEqual(['kept'])
  },

  async 'a claim that is sent again does not bring back a removed message'(scene: Scene) {
    await scene.send(message('a'))
    const token = newToken()
    const { messages } = await scene.claim({ token })
    await scene.commit(entry(messages[0]!, { disposal: 'remove' }))
    await scene.claim({ token })
    expect(await scene.population()).toEqual({})
  },

  async 'a claim that is sent again leaves the lock of a foreign client alone'(scene: Scene) {
    await scene.send(message('a'))
    const [token, foreign] = [newToken(), newToken()]
    const { now } = await scene.claim({ token, lease: SHORT })
    await scene.reach(now + SHORT + 25)
    expect(await scene.hold(scene.partition, 'a', foreign, LONG)).toBe(true)
    expect((await scene.claim({ token })).messages).toEqual([])
    expect(await scene.hold(scene.partition, 'a', newToken(), LONG)).toBe(false)
  },

  async 'an enqueue that is sent again answers the same'(scene: Scene) {
    const token = newToken()
    const { store, partition } = scene
    await store.enqueue(partition, token, [message('a'), message('b')])
    expect(await store.enqueue(partition, token, [message('a'), message('b')])).toEqual(['created', 'created'])
  },

  async 'an enqueue that is sent again does not bring back a removed message'(scene: Scene) {
    const token = newToken()
    await scene.store.enqueue(scene.partition, token, [message('a')])
    await scene.commit(entry(await scene.take(), { disposal: 'remove' }))
    await scene.store.enqueue(scene.partition, token, [message('a')])
    expect(await scene.population()).toEqual({})
    expect((await scene.claim()).messages).toEqual([])
  },

  async 'a message that is there is not overwritten'(scene: Scene) {
    await scene.send(message('a', { fields: { p: 'first' } }))
    expect(await scene.send(message('a', { fields: { p: 'second' } }))).toEqual(['duplicate'])
    expect((await scene.get('a')).message.fields).toEqual({ p: 'first' })
  },

  async 'a message that is in a batch twice is stored once'(scene: Scene) {
    expect(await scene.send(message('a'), message('a'))).toEqual(['created', 'duplicate'])
    expect((await scene.feed()).join()).toBe('[["a","todo"]]')
  },

  async 'messages of one batch are claimed in their order'(scene: Scene) {
    const sent = Array.from({ length: 40 }, (_, i) => `m${99 - i}`)
    await scene.send(...sent.map((id) => message(id)))
    expect(ids((await scene.claim({ limit: 40 })).messages)).toEqual(sent)
  },

  async 'a delivery that is sent again appends nothing'(scene: Scene) {
    await scene.send(message('a'))
    const token = newToken()
    const deliver = () => scene.store.deliver(scene.partition, token, [{ id: 'a', event: 'E' }])
    expect(await deliver()).toEqual(['delivered'])
    expect(await deliver()).toEqual(['delivered'])
    expect(await scene.store.inbox(scene.partition, 'a')).toEqual(['E'])
  },

  async 'a late commit of an old owner is fenced'(scene: Scene) {
    await scene.send(message('a'))
    const old = await scene.take({ lease: SHORT, worker: 'old' })
    const { messages } = await scene.claimDue({ worker: 'new' })
    const late = entry(old, { state: 'done', changes: [{ field: 'c', value: 'late' }], transitions: ['"late"'] })
    expect(await scene.commit(late)).toEqual([{ status: 'fenced', inbox: false }])
    expect((await scene.get('a')).message).toMatchObject({ state: 'todo', fields: { c: '\n{}' }, worker: 'new' })
    expect(await scene.commit(entry(messages[0]!))).toMatchObject([{ status: 'applied' }])
    expect((await scene.feed()).join('')).not.toContain('late')
  },

  async 'a late commit of the same owner is fenced'(scene: Scene) {
    await scene.send(message('a'))
    const first = await scene.take()
    const second = { ...first, fence: nextFence(first) }
    await scene.commit(entry(first, { disposal: 'keep' }))
    await scene.commit(entry(second, { disposal: 'keep' }))
    expect(await scene.commit(entry(first, { disposal: 'settle', state: 'done' }))).toMatchObject([
      { status: 'fenced' },
    ])
    expect(await scene.population()).toEqual({ todo: 1 })
  },

  async 'a late commit of an owner that let go is fenced'(scene: Scene) {
    await scene.send(message('a'))
    const first = await scene.take()
    await scene.commit(entry(first, { disposal: 'keep' }))
    await scene.commit(entry({ ...first, fence: nextFence(first) }))
    expect(await scene.commit(entry(first, { state: 'done' }))).toMatchObject([{ status: 'fenced' }])
  },

  async 'a commit that is sent twice is applied once'(scene: Scene) {
    await scene.send(message('a'))
    const twice = entry(await scene.take(), {
      disposal: 'keep',
      state: 'busy',
      journal: [{ seq: 1, text: 'busy' }],
      transitions: ['"busy"'],
    })
    expect(await scene.commit(twice)).toEqual([{ status: 'applied', inbox: false }])
    expect(await scene.commit(twice)).toEqual([{ status: 'duplicate', inbox: false }])
    const { journal, revision } = (await scene.get('a')).message
    expect(journal.map(({ text }) => text)).toEqual(['todo', 'busy'])
    expect(revision).toBe(2)
    expect((await scene.feed()).filter((text) => text === '["busy"]')).toHaveLength(1)
  },

  async 'a removing commit that is sent twice is applied once'(scene: Scene) {
    await scene.send(message('a'))
    const twice = entry(await scene.take(), { disposal: 'remove', transitions: ['"gone"'] })
    expect(await scene.commit(twice)).toEqual([{ status: 'applied', inbox: false }])
    expect(await scene.commit(twice)).toEqual([{ status: 'duplicate', inbox: false }])
    expect((await scene.feed()).filter((text) => text === '["gone"]')).toHaveLength(1)
  },

  async 'a foreign lock keeps claims off'(scene: Scene) {
    await scene.send(message('a'), message('b'))
    expect(await scene.hold(scene.partition, 'a', newToken(), LONG)).toBe(true)
    expect(ids((await scene.claim()).messages)).toEqual(['b'])
  },

  async 'a message under a foreign lock is looked at again within a second'(scene: Scene) {
    await scene.send(message('a'))
    await scene.hold(scene.partition, 'a', newToken(), LONG)
    const { now } = await scene.claim()
    expect((await scene.get('a')).attentionAt).toBeGreaterThan(now)
    expect((await scene.get('a')).attentionAt).toBeLessThanOrEqual(now + 1000)
  },

  async 'a foreign lock fences commits'(scene: Scene) {
    await scene.send(message('a'))
    const { now, messages } = await scene.claim({ lease: SHORT })
    await scene.reach(now + SHORT + 25)
    await scene.hold(scene.partition, 'a', newToken(), LONG)
    expect(await scene.commit(entry(messages[0]!, { state: 'done' }))).toEqual([{ status: 'fenced', inbox: false }])
    expect(await scene.population()).toEqual({ todo: 1 })
  },

  async 'a foreign lock ends a lease'(scene: Scene) {
    await scene.send(message('a'))
    const { now, messages } = await scene.claim({ lease: SHORT })
    await scene.reach(now + SHORT + 25)
    await scene.hold(scene.partition, 'a', newToken(), LONG)
    expect(await scene.store.heartbeat(scene.partition, LONG, messages)).toEqual(['lost'])
  },

  async 'a lock protects from removal'(scene: Scene) {
    await scene.send(message('a'))
    await scene.take()
    expect(await scene.store.remove(scene.partition, 'a', newToken())).toBe('locked')
    expect(await scene.population()).toEqual({ todo: 1 })
  },

  async 'an old owner cannot renew its lease'(scene: Scene) {
    await scene.send(message('a'))
    const old = await scene.take({ lease: SHORT })
    const { messages } = await scene.claimDue({ worker: 'new' })
    expect(await scene.store.heartbeat(scene.partition, LONG, [old, ...messages])).toEqual(['lost', 'renewed'])
  },

  async 'a flood in one state does not starve another'(scene: Scene) {
    const flood = Array.from({ length: 30 }, (_, i) => message(`retry-${i}`, { state: 'retrying' }))
    await scene.send(...flood)
    await scene.reach((await scene.now()) + 2)
    await scene.send(message('new-1'), message('new-2'))
    const states = (await scene.claim({ limit: 10 })).messages.map(({ state }) => state)
    expect(states.filter((state) => state === 'todo')).toHaveLength(2)
    expect(states).toHaveLength(10)
  },

  async 'mail makes a message due when it is released'(scene: Scene) {
    await scene.send(message('a'))
    const taken = await scene.take()
    await scene.deliver('a', 'E')
    expect(await scene.commit(entry(taken))).toEqual([{ status: 'applied', inbox: true }])
    expect((await scene.take()).inbox).toEqual(['E'])
  },

  async 'mail makes an idle message due'(scene: Scene) {
    await scene.send(message('a', { attention: 'timers' }))
    expect((await scene.claim()).messages).toEqual([])
    await scene.deliver('a', 'E')
    expect((await scene.take()).inbox).toEqual(['E'])
  },

  async 'mail is announced to the worker that holds the message'(scene: Scene) {
    await scene.send(message('a'))
    const mail: string[] = []
    const end = await scene.store.subscribe(scene.partition, { mail: (id, worker) => mail.push(`${id}@${worker}`) })
    const wakes: number[] = []
    const endWakes = await scene.store.subscribe(scene.partition, { wake: (due) => wakes.push(due) })
    await scene.take({ worker: 'w7' })
    await scene.deliver('a', 'E')
    await scene.send(message('later'))
    await until(() => wakes.length > 0)
    expect(mail).toEqual(['a@w7'])
    await Promise.all([end(), endWakes()])
  },

  async 'mail does not push a due message back'(scene: Scene) {
    await scene.send(message('first'))
    await scene.reach((await scene.now()) + 2)
    await scene.send(message('second'))
    await scene.reach((await scene.now()) + 2)
    await scene.deliver('first', 'E')
    expect((await scene.take({ limit: 1 })).id).toBe('first')
  },

  async 'trimming never touches a live message'(scene: Scene) {
    const timer = { nonce: '0-0', text: 'wake', delay: LONG }
    await scene.send(message('held'))
    await scene.take()
    await scene.send(message('due'), message('timer', { attention: 'timers', timers: [timer] }))
    await scene.send(message('parked', { attention: 'timers' }))
    expect(await scene.store.trim(scene.partition, { state: 'todo', age: 0, keep: 0, limit: 100 })).toBe(1)
    const kept = await scene.store.read(scene.partition, ['held', 'due', 'timer', 'parked'])
    expect(kept.map((listed) => listed?.message.id)).toEqual(['held', 'due', 'timer', undefined])
  },

  async 'trimming spares a message whose lock is held'(scene: Scene) {
    await scene.send(message('a', { attention: 'timers' }))
    await scene.hold(scene.partition, 'a', newToken(), LONG)
    expect(await scene.store.trim(scene.partition, { state: 'todo', keep: 0, limit: 100 })).toBe(0)
    expect(await scene.population()).toEqual({ todo: 1 })
  },
} satisfies Record<string, Rule<Scene>>
