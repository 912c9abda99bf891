import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { and, assign, emit, fromPromise, not, setup } from 'xstate'
import type { Queue, Redrive } from '../../src/index.ts'
import { gate, inMemory, onRedis, type TestBackend } from '../support/backends.ts'
import { openStage, type Stage } from './stage.ts'

/** For the compiler only. */
const types = {} as { context: { total: number; by?: string }; input: { total: number }; emitted: { type: 'told' } }

const order = setup({
  types,
  actors: { charge: fromPromise(async () => {}) },
  guards: { isRich: ({ context }) => context.total > 100, isOdd: ({ context }) => context.total % 2 === 1 },
  actions: { tell: () => {} },
  delays: { patience: 86_400_000 },
}).createMachine({
  id: 'order',
  context: ({ input }) => ({ total: input.total }),
  initial: 'review',
  states: {
    review: {
      on: {
        APPROVE: {
          target: 'charging',
          actions: [
            assign({ by: ({ event }) => (event as { by?: string }).by ?? 'nobody' }),
            'tell',
            emit({ type: 'told' }),
          ],
        },
        GIFT: { target: 'done', guard: 'isRich' },
        ODD: { target: 'done', guard: and(['isRich', not('isOdd')]) },
        BREAK: {
          target: 'done',
          actions: assign(() => {
            throw new Error('broken on purpose')
          }),
        },
      },
      after: { patience: 'done' },
    },
    charging: { invoke: { id: 'charge', src: 'charge', onDone: 'done', onError: 'review' }, on: { STOP: 'done' } },
    done: { type: 'final' },
  },
})

let backend: TestBackend
let stage: Stage
let redrive: Redrive
let orders: Queue

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('on %s', (_, open) => {
  beforeAll(async () => {
    backend = await open()
    redrive = backend.open()
    orders = redrive.queue('orders', { machine: order }) as Queue
    await orders.send({ total: 42 }, { id: 'o1' })
    stage = await openStage(redrive)
  })
  afterAll(async () => {
    await stage?.close()
    await backend?.stop()
  })

  const next = async (id: string) => (await stage.get(`api/v1/queues/orders/messages/${id}/next`)).body.events
  const dryRun = (id: string, event: unknown) => stage.post(`api/v1/queues/orders/messages/${id}/dry-run`, { event })

  test('what can happen next, and which guards say no', async () => {
    expect(await next('o1')).toEqual([
      { type: 'after patience', kind: 'timer', possible: true, target: 'done', due: expect.any(Number) },
      { type: 'APPROVE', kind: 'event', possible: true, target: 'charging' },
      { type: 'GIFT', kind: 'event', possible: false, blockedBy: 'isRich', guards: ['isRich'] },
      {
        type: 'ODD',
        kind: 'event',
        possible: false,
        blockedBy: 'isRich and not isOdd',
        guards: ['isRich and not isOdd'],
      },
      { type: 'BREAK', kind: 'event', possible: false, blockedBy: 'Error: broken on purpose' },
      { type: 'STOP', kind: 'event', possible: false, blockedBy: 'not accepted in this state' },
    ])
  })

  test('a dry run tells what an event would do, and does nothing', async () => {
    const before = await orders.get('o1')
    const { body } = await dryRun('o1', { type: 'APPROVE', by: 'ada' })
    expect(body).toMatchObject({
      from: 'review',
      to: 'charging',
      changed: true,
      context: { before: { total: 42 }, after: { total: 42, by: 'ada' } },
    })
    expect(body.effects).toEqual([
      { type: 'timer.cancel', id: expect.stringContaining('patience') },
      { type: 'invoke', id: 'charge', src: 'charge' },
      { type: 'action', name: 'tell' },
      { type: 'emit', event: { type: 'told' } },
    ])
    expect(await orders.get('o1')).toEqual(before)
  })

  test('a dry run tells of guards and of what the machine throws', async () => {
    expect((await dryRun('o1', { type: 'GIFT' })).body).toMatchObject({
      blockedBy: 'isRich',
      guards: ['isRich'],
      from: 'review',
      to: 'review',
      changed: false,
      effects: [],
    })
    expect((await dryRun('o1', { type: 'BREAK' })).body).toMatchObject({
      changed: false,
      error: 'Error: broken on purpose',
    })
    expect((await dryRun('o1', { type: 'STOP' })).body).toMatchObject({
      changed: false,
      blockedBy: 'not accepted in this state',
    })
    expect((await dryRun('o1', { type: 'APROVE' })).body.error.message).toContain('Did you mean APPROVE?')
    expect((await dryRun('o1', 'APPROVE')).status).toBe(400)
    expect((await dryRun('o1', { type: 'xstate.done.actor.charge' })).body.error.code).toBe('E_INVALID_EVENT')
  })

  test('an event is sent, once for its id, and waited for', async () => {
    const path = 'api/v1/queues/orders/messages/o1/events'
    const held = gate()
    const worker = orders.work({ charge: () => held.opened })
    const event = { type: 'APPROVE', by: 'ada' }
    const applied = await stage.post(path, { event, eventId: 'e1', wait: '10s' })
    expect(applied.body).toEqual({ id: 'o1', status: 'applied', state: 'charging' })
    expect((await stage.post(path, { event, eventId: 'e1' })).body).toEqual({ id: 'o1', status: 'duplicate' })
    expect((await stage.post(path, { event: { type: 'NEVER' } })).body.error.code).toBe('E_UNKNOWN_EVENT')
    expect((await stage.post(path, { event: 'APPROVE' })).body.error.code).toBe('E_INVALID_EVENT')
    expect((await stage.post(path, { event, wait: '1h' })).body.error.code).toBe('E_INVALID_DURATION')
    expect((await stage.post(path.replace('o1', 'never'), { event })).status).toBe(404)
    expect(await next('o1')).toEqual([
      { type: 'done charge', kind: 'actor', possible: true, target: 'done' },
      { type: 'error charge', kind: 'actor', possible: true, target: 'review' },
      { type: 'STOP', kind: 'event', possible: true, target: 'done' },
      ...['APPROVE', 'GIFT', 'ODD', 'BREAK'].map((type) => ({
        type,
        kind: 'event',
        possible: false,
        blockedBy: 'not accepted in this state',
      })),
    ])
    expect((await stage.remove('api/v1/queues/orders/messages/o1')).body.error.code).toBe('E_LOCKED')
    held.open()
    await orders.result('o1', { timeout: '60s' })
    await worker.stop()
    expect(await next('o1')).toEqual([])
    expect((await stage.remove('api/v1/queues/orders/messages/o1')).body).toEqual({ id: 'o1', status: 'removed' })
    expect((await stage.remove('api/v1/queues/orders/messages/o1')).status).toBe(404)
  })

  test('messages are sent, one or many, and none twice', async () => {
    redrive.queue('emails')
    const path = 'api/v1/queues/emails/messages'
    expect((await stage.post(path, { input: { to: 'ada' }, id: 'e1', delay: '1h' })).body).toEqual({
      results: [{ id: 'e1', status: 'created' }],
    })
    const many = await stage.post(path, {
      messages: [
        { input: 1, id: 'e1' },
        { input: 2, id: 'e2', delay: '1h' },
      ],
    })
    expect(many.body.results).toEqual([
      { id: 'e1', status: 'duplicate' },
      { id: 'e2', status: 'created' },
    ])
    expect((await stage.post(path, { input: 1 })).body.results[0]).toEqual({
      id: expect.any(String),
      status: 'created',
    })
    for (const wrong of [
      {},
      { input: 1, when: 'now' },
      { messages: 'all' },
      { messages: [1] },
      { input: 1, messages: [] },
    ])
      expect((await stage.post(path, wrong)).status).toBe(400)
    expect((await stage.post(path, { messages: Array.from({ length: 1001 }, () => ({ input: 0 })) })).status).toBe(413)
    expect((await stage.post(path, { input: 1, id: '{}' })).body.error.code).toBe('E_INVALID_ID')
    expect((await stage.post(path, { input: 1, delay: 'soon' })).body.error.code).toBe('E_INVALID_DURATION')
  })
})
