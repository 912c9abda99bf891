import { expect } from '@jest/globals'
import { BARE } from '../../src/store/layout.ts'
import { fenceOfStart, type CommitGroup, type Recipe, type Round, type RoundRequest } from '../../src/store/round.ts'
import type { NewMessage } from '../../src/store/store.ts'
import { entry, ids, LONG, message, newToken, SHORT, type Scene } from './scene.ts'

const MACHINE = 'message@0#01234567'
const FIRST = {
  state: BARE.state,
  fields: { m: MACHINE, c: BARE.context },
  timers: [{ ...BARE.timer, delay: 0 }],
  attention: 'timers',
  journal: BARE.journal,
  transition: '0,"init",null,"pending","client"',
} as const

/** A message as the default machine begins, stored without what goes without saying. */
export const bare = (id: string, input: unknown = { payload: { to: id } }): NewMessage => ({
  id,
  first: FIRST,
  fields: { p: JSON.stringify(input) },
})

/** The transitions of the last entry of a feed; those that several messages took are told once, or one by one. */
function lastTold(texts: readonly string[]): unknown[] {
  const tuples = JSON.parse(texts.at(-1) ?? '[]') as (readonly [string | string[], ...unknown[]])[]
  return tuples.flatMap(([ids, ...step]) => [ids].flat().map((id) => [id, ...step]))
}

const stepOf = ({ transition }: { readonly transition: string }) => JSON.parse(`[${transition}]`) as unknown[]

const RECIPE: Recipe = {
  machine: MACHINE,
  from: BARE.state,
  to: 'processing',
  fields: { c: 'payload\n{"attempt":1}', 'I1-1': '+handler\nhandler\n=payload' },
  timers: [{ nonce: '1-0', text: 'limit', delay: LONG }],
  journal: 'start',
  transition: '2,"start","pending","processing","w1"',
}

const round = (scene: Scene, request: Partial<RoundRequest> = {}): Promise<Round> =>
  scene.store.round(scene.partition, {
    token: newToken(),
    worker: 'w1',
    lease: LONG,
    limit: 100,
    recipe: RECIPE,
    groups: [],
    ...request,
  })

/** Starts exactly these; returns the token of their round. */
async function startAll(scene: Scene, ...wanted: string[]): Promise<string> {
  await scene.send(...wanted.map((id) => bare(id)))
  const token = newToken()
  expect(ids((await round(scene, { token })).started)).toEqual(wanted)
  return token
}

const ending = (token: string, members: readonly string[], changes: Partial<CommitGroup> = {}): CommitGroup => ({
  fence: fenceOfStart(token),
  from: 'processing',
  to: 'succeeded',
  disposal: 'settle',
  changes: [
    { field: 'x', value: 'done' },
    { field: 'I1-1', previous: RECIPE.fields['I1-1']! },
  ],
  clearTimers: [{ nonce: '1-0', text: 'limit', due: 0 }],
  journal: { seq: 2, text: 'end' },
  transition: '3,"end","processing","succeeded","w1"',
  members: members.map((id) => ({ id })),
  ...changes,
})

/** Ends messages without asking for more. */
const end = (scene: Scene, group: CommitGroup, request: Partial<RoundRequest> = {}): Promise<Round> =>
  round(scene, { limit: 0, groups: [group], ...request })

/** What a round must do however often and by whomever it is called, and what it leaves to `claim`. */
export const ROUND_RULES = {
  async 'a round starts what waits as it was stored, in the order of the sends'(scene: Scene) {
    const sent = ['c', 'b', 'a']
    await scene.send(...sent.map((id) => bare(id)))
    const token = newToken()
    const { started, others, now } = await round(scene, { token })
    expect(started.map(({ id, input }) => [id, JSON.parse(input) as unknown])).toEqual(
      sent.map((id) => [id, { payload: { to: id } }]),
    )
    expect(others).toBe(false)
    expect(await scene.population()).toEqual({ processing: 3 })
    const { message: stored, attentionAt } = await scene.get('a')
    expect(stored).toMatchObject({
      revision: 2,
      state: 'processing',
      owner: fenceOfStart(token),
      worker: 'w1',
      createdAt: started[2]!.createdAt,
      enteredAt: now,
      fields: { ...RECIPE.fields, m: MACHINE, p: '{"payload":{"to":"a"}}' },
      timers: [{ nonce: '1-0', text: 'limit', due: now + LONG }],
      journal: [
        { seq: 0, at: started[2]!.createdAt, text: 'pending' },
        { seq: 1, at: now, text: 'start' },
      ],
    })
    expect(attentionAt).toBe(now + LONG)
    expect(lastTold(await scene.feed())).toEqual(sent.map((id) => [id, ...stepOf(RECIPE)]))
  },

  async 'a round holds the lock of what it starts'(scene: Scene) {
    await startAll(scene, 'a')
    expect(await scene.hold(scene.partition, 'a', newToken(), LONG)).toBe(false)
    expect((await scene.claim()).messages).toEqual([])
  },

  async 'what a round starts is due again when its lease is over'(scene: Scene) {
    await scene.send(bare('a'))
    const { now } = await round(scene, { lease: SHORT })
    await scene.reach(now + SHORT + 25)
    const [found] = (await scene.claimDue()).messages
    expect(found).toMatchObject({ id: 'a', state: 'processing', revision: 3 })
  },

  async 'a round takes no more than was asked for'(scene: Scene) {
    await scene.send(bare('a'), bare('b'), bare('c'))
    expect(ids((await round(scene, { limit: 2 })).started)).toEqual(['a', 'b'])
    expect(await scene.population()).toEqual({ pending: 1, processing: 2 })
  },

  async 'a round takes no more than the share of its state, and tells of the others'(scene: Scene) {
    await scene.send(...['a', 'b', 'c', 'd'].map((id) => bare(id)), message('other'))
    const { started, others } = await round(scene, { limit: 4 })
    expect(ids(started)).toEqual(['a', 'b'])
    expect(others).toBe(true)
  },

  async 'a round leaves a message with an event to the plain claim'(scene: Scene) {
    await scene.send(bare('a'), bare('b'))
    await scene.deliver('a', '{"type":"CANCEL"}')
    const { started, others } = await round(scene)
    expect([ids(started), others]).toEqual([['b'], true])
    expect(await scene.take()).toMatchObject({ id: 'a', state: 'pending', inbox: ['{"type":"CANCEL"}'] })
  },

  async 'a round leaves a message of another version to the plain claim'(scene: Scene) {
    const first = { ...FIRST, fields: { ...FIRST.fields, m: 'message@1#76543210' } }
    await scene.send({ ...bare('a'), first }, bare('b'))
    const { started, others } = await round(scene)
    expect([ids(started), others]).toEqual([['b'], true])
  },

  async 'a round leaves a message with any field more to the plain claim'(scene: Scene) {
    await scene.send({ ...bare('a'), fields: { ...bare('a').fields, f: 'parent' } }, bare('b'))
    const { started, others } = await round(scene)
    expect([ids(started), others]).toEqual([['b'], true])
  },

  async 'a round leaves a message that was claimed before to the plain claim'(scene: Scene) {
    await scene.send(bare('a'))
    await scene.commit(entry(await scene.take(), { attention: 'now' }))
    const { started, others } = await round(scene)
    expect([started, others]).toEqual([[], true])
    expect(await scene.take()).toMatchObject({ timers: [BARE.timer], fields: { c: BARE.context } })
  },

  async 'a round leaves a message under a foreign lock to the plain claim'(scene: Scene) {
    await scene.send(bare('a'), bare('b'))
    expect(await scene.hold(scene.partition, 'a', newToken(), LONG)).toBe(true)
    const { started, others } = await round(scene)
    expect([ids(started), others]).toEqual([['b'], true])
  },

  async 'a paused partition starts nothing by a round, and commits what has ended'(scene: Scene) {
    const token = await startAll(scene, 'a')
    await scene.send(bare('b'))
    await scene.store.pause(scene.partition, true)
    const told = await round(scene, { groups: [ending(token, ['a'])] })
    expect(told).toMatchObject({ paused: true, started: [], statuses: ['applied'] })
    expect(await scene.population()).toEqual({ pending: 1, succeeded: 1 })
  },

  async 'a round settles what has ended'(scene: Scene) {
    const token = await startAll(scene, 'a', 'b')
    await scene.deliver('a', '{"type":"LATE"}')
    const group = ending(token, [], {
      members: [{ id: 'a', fields: { u: '"out"' }, transition: '3,"own"' }, { id: 'b' }],
    })
    const { statuses, now } = await end(scene, group)
    expect(statuses).toEqual(['applied', 'applied'])
    const { message: stored, attentionAt } = await scene.get('a')
    expect(stored).toMatchObject({ state: 'succeeded', revision: 3, enteredAt: now, timers: [], inbox: [] })
    expect(stored.fields).toEqual({
      m: MACHINE,
      p: '{"payload":{"to":"a"}}',
      c: RECIPE.fields['c'],
      x: 'done',
      u: '"out"',
    })
    expect(stored.journal.map(({ text }) => text)).toEqual(['pending', 'start', 'end'])
    expect([attentionAt, stored.owner, stored.worker]).toEqual([null, undefined, undefined])
    expect(lastTold(await scene.feed())).toEqual([
      ['a', 3, 'own'],
      ['b', ...stepOf(group)],
    ])
    expect(await scene.hold(scene.partition, 'a', newToken(), LONG)).toBe(true)
    expect(await scene.population()).toEqual({ succeeded: 2 })
  },

  async 'a round removes what has ended and is not kept'(scene: Scene) {
    const token = await startAll(scene, 'a', 'b')
    const group = ending(token, ['a', 'b'], { disposal: 'remove' })
    expect((await end(scene, group)).statuses).toEqual(['applied', 'applied'])
    expect(await scene.population()).toEqual({})
    expect((await end(scene, group)).statuses).toEqual(['duplicate', 'duplicate'])
  },

  async 'a group that is committed again by another round is a duplicate'(scene: Scene) {
    const token = await startAll(scene, 'a')
    expect((await end(scene, ending(token, ['a']))).statuses).toEqual(['applied'])
    expect((await end(scene, ending(token, ['a']))).statuses).toEqual(['duplicate'])
    expect((await scene.get('a')).message.revision).toBe(3)
  },

  async 'a group of an owner that lost its lease is fenced'(scene: Scene) {
    await scene.send(bare('a'))
    const token = newToken()
    const { now } = await round(scene, { token, lease: SHORT })
    await scene.reach(now + SHORT + 25)
    await scene.claimDue()
    expect((await end(scene, ending(token, ['a']))).statuses).toEqual(['fenced'])
    expect(await scene.population()).toEqual({ processing: 1 })
  },

  async 'a group whose lock is in other hands is fenced'(scene: Scene) {
    await scene.send(bare('a'))
    const token = newToken()
    const { now } = await round(scene, { token, lease: SHORT })
    await scene.reach(now + SHORT + 25)
    expect(await scene.hold(scene.partition, 'a', newToken(), LONG)).toBe(true)
    expect((await end(scene, ending(token, ['a']))).statuses).toEqual(['fenced'])
  },

  async 'a round that is sent again answers both halves alike'(scene: Scene) {
    const before = await startAll(scene, 'a')
    await scene.send(bare('b'))
    const request = { token: newToken(), groups: [ending(before, ['a'], { disposal: 'remove' })] }
    const first = await round(scene, request)
    const again = await round(scene, request)
    expect(again.statuses).toEqual(['applied'])
    expect(again.started).toEqual(first.started)
    expect(ids(again.started)).toEqual(['b'])
    expect(await scene.feed()).toHaveLength(4)
  },

  async 'a round that is sent again answers only what is still its own'(scene: Scene) {
    const token = await startAll(scene, 'gone', 'kept', 'settled')
    await end(scene, ending(token, ['gone'], { disposal: 'remove' }))
    await end(scene, ending(token, ['settled']))
    expect(ids((await round(scene, { token })).started)).toEqual(['kept'])
    expect(await scene.population()).toEqual({ processing: 1, succeeded: 1 })
  },

  async 'a round that is sent again leaves the lock of a foreign client alone'(scene: Scene) {
    await scene.send(bare('a'))
    const token = newToken()
    const { now } = await round(scene, { token, lease: SHORT })
    await scene.reach(now + SHORT + 25)
    expect(await scene.hold(scene.partition, 'a', newToken(), LONG)).toBe(true)
    expect((await round(scene, { token })).started).toEqual([])
  },

  async 'a round forgets one that was answered'(scene: Scene) {
    const token = await startAll(scene, 'a')
    await round(scene, { answered: token })
    await scene.send(bare('b'))
    expect(ids((await round(scene, { token })).started)).toEqual(['b'])
  },

  async 'a bare message keeps what goes without saying through a commit'(scene: Scene) {
    await scene.send(bare('a'))
    const { message: sent } = await scene.get('a')
    const taken = await scene.take()
    expect(taken).toMatchObject({ timers: sent.timers, journal: sent.journal, fields: sent.fields })
    await scene.commit(
      entry(taken, { state: 'aside', disposal: 'park', entered: true, journal: [{ seq: 1, text: 'x' }] }),
    )
    const { message: stored } = await scene.get('a')
    expect(stored).toMatchObject({ timers: sent.timers, fields: sent.fields, createdAt: sent.createdAt })
    expect(stored.journal).toEqual([sent.journal[0], expect.objectContaining({ seq: 1, text: 'x' })])
  },
}
