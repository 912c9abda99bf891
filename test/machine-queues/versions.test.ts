import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMachine, type AnyStateMachine } from 'xstate'
import type { Queue, QueueOptions } from '../../src/index.ts'
import { inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

/** A review that waits; what the states are called is the version's affair. */
function review(version: string, waiting: string, changes: object = {}): AnyStateMachine {
  return createMachine({
    id: 'review',
    version,
    context: { asked: 1 },
    initial: waiting,
    states: {
      [waiting]: { on: { APPROVE: 'publishing' }, after: { remind: { actions: [] } } },
      publishing: { invoke: { id: 'publish', src: 'publish', onDone: 'done' } },
      done: { type: 'final', output: () => version },
      ...changes,
    },
    output: () => version,
  }).provide({ delays: { remind: 3_600_000 } })
}

const v1 = review('1', 'waiting')
const renamed = review('2', 'inReview')
const extended = review('2', 'waiting', { archived: { type: 'final' } })

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('versions of a machine on %s', (_, openBackend) => {
  let backend: TestBackend
  let queues = 0
  let name = ''
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  const publish = (): string => 'published'
  /** A process that knows these versions. */
  const deploy = (options: QueueOptions & { machine: AnyStateMachine }): Queue => backend.open().queue(name, options)

  /** A message that waits in version 1, whose worker is gone. */
  async function waitingInVersion1(): Promise<void> {
    name = `versions-${++queues}`
    const old = deploy({ machine: v1 })
    await old.send({}, { id: 'a' })
    expect(await old.get('a')).toMatchObject({ state: 'waiting', machine: expect.stringContaining('review@1#') })
  }

  test('an old version goes on as it is, where its code is still there', async () => {
    await waitingInVersion1()
    const queue = deploy({ machine: renamed, versions: [v1] })
    queue.work({ publish })
    await queue.signal('a', { type: 'APPROVE' })
    expect(await queue.result('a', { timeout: '60s' })).toBe('1')
    await queue.send({}, { id: 'b' })
    expect(await queue.get('b')).toMatchObject({ state: 'inReview', machine: expect.stringContaining('review@2#') })
  })

  test('a message moves by itself when all that it has exists in the new version', async () => {
    await waitingInVersion1()
    const queue = deploy({ machine: extended })
    queue.work({ publish })
    await queue.signal('a', { type: 'APPROVE' })
    expect(await queue.result('a', { timeout: '60s' })).toBe('2')
    expect((await queue.history('a')).map(({ event }) => event)).toEqual(['init', 'migrate', 'APPROVE', 'done publish'])
  })

  test('one whose state was renamed is put aside, and goes on once it is told where', async () => {
    await waitingInVersion1()
    const unaware = deploy({ machine: renamed })
    const worker = unaware.work({ publish })
    await unaware.signal('a', { type: 'APPROVE' })
    const aside = await until(async () => (await unaware.list({ state: '~quarantined' }))[0])
    expect(aside.quarantine?.reason).toContain('waiting')
    expect((await unaware.stats()).states).toMatchObject({ '~quarantined': 1, waiting: 0 })
    await worker.stop()

    const queue = deploy({
      machine: renamed,
      migrate: ({ context }, from, to) => {
        expect([from.version, to.version]).toEqual(['1', '2'])
        return { state: 'inReview', context: { ...context, moved: true } }
      },
    })
    queue.work({ publish })
    expect(await queue.release('a')).toEqual({ id: 'a', status: 'delivered' })
    // The approval had come before the move, and was kept.
    expect(await queue.result('a', { timeout: '60s' })).toBe('2')
    expect((await queue.get('a'))?.context).toEqual({ asked: 1, moved: true })
  })

  test('migrate may name the new state as XState does, by its value', async () => {
    await waitingInVersion1()
    const queue = deploy({
      machine: renamed,
      migrate: (snapshot) => ({ ...snapshot, value: snapshot.value === 'waiting' ? 'inReview' : snapshot.value }),
    })
    queue.work({ publish })
    await queue.signal('a', { type: 'APPROVE' })
    expect(await queue.result('a', { timeout: '60s' })).toBe('2')
  })

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'migrate returned undefined: return { state, context }, or { value, context }.'],
    ['no context', { state: 'inReview' }, 'return { state, context }, or { value, context }.'],
    [
      'two states',
      { state: 'approved', value: 'inReview', context: {} },
      'migrate returned the state "approved" and the value of "inReview": change one of them.',
    ],
  ])('a migrate that returns %s puts its message aside, and says what it is to return', async (_, returned, why) => {
    await waitingInVersion1()
    const queue = deploy({ machine: renamed, migrate: () => returned as never })
    queue.work({ publish })
    await queue.signal('a', { type: 'APPROVE' })
    const aside = await until(async () => (await queue.list({ state: '~quarantined' }))[0])
    expect(aside.quarantine?.reason).toContain(why)
  })

  test('a migrated message waits for what its new state waits for', async () => {
    await waitingInVersion1()
    const before = (await backend.open().queue(name, { machine: v1 }).get('a'))!.timers
    const queue = deploy({
      machine: createMachine({
        id: 'review',
        version: '3',
        initial: 'waiting',
        states: {
          waiting: {
            after: { remind: 'late', 7_200_000: 'late' },
            invoke: { id: 'ask', src: 'ask' },
            on: { APPROVE: 'late' },
          },
          late: {},
        },
      }).provide({ delays: { remind: 3_600_000 } }),
      migrate: (snapshot) => snapshot,
    })
    const asked: string[] = []
    queue.work({ ask: (_input, { message }) => new Promise<void>(() => void asked.push(message.id)) })
    await backend
      .open()
      .queue(name, { machine: v1 })
      .signal('a', { type: 'APPROVE' })
      .catch(() => {})
    await until(async () => (await queue.get('a'))?.machine.includes('@3#') && (await queue.get('a'))?.state === 'late')
    expect(before.map(({ id }) => id)).toEqual(['xstate.after.remind.review.waiting'])
    expect((await queue.history('a')).map(({ event }) => event)).toEqual(['init', 'migrate', 'APPROVE'])
  })

  test('in a rolling deploy the old workers leave new messages to the new ones', async () => {
    name = `versions-${++queues}`
    const old = deploy({ machine: v1 })
    const oldWorker = old.work({ publish: () => 'by the old one' })
    await oldWorker.ready()
    const seen: string[] = []
    oldWorker.on('transition', ({ id }) => seen.push(id))

    const queue = deploy({ machine: renamed, versions: [v1] })
    await queue.send({}, { id: 'new' })
    await queue.signal('new', { type: 'APPROVE' })
    await old.send({}, { id: 'old' })
    await old.signal('old', { type: 'APPROVE' })
    // The old worker finds the new message due, and lets it be; its own it does.
    expect(await old.result('old', { timeout: '60s' })).toBe('1')
    expect(await queue.get('new')).toMatchObject({ state: 'inReview', status: 'active' })

    queue.work({ publish })
    expect(await queue.result('new', { timeout: '8s' })).toBe('2')
    expect(seen.filter((id) => id === 'new')).toEqual([])
    expect((await queue.stats()).states['~quarantined'] ?? 0).toBe(0)
  })

  test('a message is let out of quarantine when its machine is mended', async () => {
    name = `versions-${++queues}`
    const fragile = (broken: boolean): AnyStateMachine =>
      createMachine({
        id: 'fragile',
        initial: 'a',
        states: {
          a: {
            on: {
              GO: {
                target: 'b',
                guard: () => {
                  if (broken) throw new Error('a guard with a fault')
                  return true
                },
              },
            },
          },
          b: { type: 'final' },
        },
      })
    const queue = deploy({ machine: fragile(true) })
    const worker = queue.work()
    await queue.send({}, { id: 'a' })
    await queue.signal('a', { type: 'GO' })
    await until(async () => (await queue.get('a'))?.state === '~quarantined')
    await queue.release('a')
    // Still broken: it comes back, with its event.
    await until(async () => (await queue.history('a')).filter(({ to }) => to === '~quarantined').length === 2)
    await worker.stop()

    const mended = deploy({ machine: fragile(false) })
    mended.work()
    await mended.release('a')
    await mended.result('a', { timeout: '60s' })
    expect((await mended.get('a'))?.quarantine).toBeUndefined()
    expect((await mended.get('a'))?.state).toBe('b')
  })

  test('one that is released before its state is back keeps its place, however often', async () => {
    name = `versions-${++queues}`
    const inState = (name: string) =>
      createMachine({ id: 'early', initial: name, states: { [name]: { on: { GO: 'b' } }, b: { type: 'final' } } })
    const queue = deploy({ machine: inState('a') })
    await queue.send({}, { id: 'a' })
    await queue.signal('a', { type: 'GO' })

    const renamed = deploy({ machine: inState('other') })
    const worker = renamed.work()
    const aside = (times: number) =>
      until(async () => (await queue.history('a')).filter(({ to }) => to === '~quarantined').length === times)
    await aside(1)
    for (const times of [2, 3]) {
      await renamed.release('a')
      await aside(times)
    }
    await expect(renamed.result('a', { timeout: 50 })).rejects.toMatchObject({
      code: 'E_TIMEOUT',
      message: expect.stringMatching(/within 50 ms: it is in quarantine/),
    })
    await worker.stop()

    const back = deploy({ machine: inState('a') })
    back.work()
    await back.release('a')
    await back.result('a', { timeout: '60s' })
    expect((await back.get('a'))?.state).toBe('b')
  })
})
