import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createWebSocketInspector } from '@statelyai/inspect'
import { createActor } from 'xstate'
import type { DashboardOptions } from '../../../src/dashboard/index.ts'
import { NonRetryableError, RetryableError, type Queue, type Redrive } from '../../../src/index.ts'
import { gate, inMemory, onRedis, until, type TestBackend } from '../../support/backends.ts'
import { parentOf } from '../../machine-queues/talking-machines.ts'
import { openEndpoint, order, resolveAll, type Endpoint, type Said } from './inspected.ts'

const TOKEN = 'a-token-of-some-length'

let backend: TestBackend
let redrive: Redrive
let endpoint: Endpoint | undefined

async function open(options?: DashboardOptions): Promise<Endpoint> {
  endpoint = await openEndpoint(redrive, options)
  return endpoint
}

const lastState = (said: readonly Said[], sessionId: string): Said =>
  said.findLast((each) => each.type === '@xstate.snapshot' && each.sessionId === sessionId)?.snapshot

afterEach(async () => {
  await endpoint?.close()
  endpoint = undefined
})

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('on %s, an official client', (_, start) => {
  let orders: Queue
  beforeAll(async () => {
    backend = await start()
    redrive = backend.open()
    orders = redrive.queue('orders', { machine: order, partitions: 2 }) as Queue
  })
  afterAll(() => backend.stop())

  test('sees the children of a message too, with their past and what becomes of them', async () => {
    const open1 = gate()
    const parents = redrive.queue('parents', { machine: parentOf({ failed: 'collect' }), partitions: 2 })
    const parcels = redrive.queue('parcels', { partitions: 2, retry: { attempts: 1 } })
    parcels.work(async ({ waits }: { waits: boolean }) => {
      if (waits) await open1.opened
    })
    const secrets = redrive.queue('secrets', {})
    const children = [
      { queue: 'parcels', id: 'quick', input: { waits: false } },
      { queue: 'parcels', id: 'slow', input: { waits: true } },
      { queue: 'secrets', id: 'hidden', input: {} },
    ]
    parents.work()
    await parents.send({ children }, { id: 'p' })
    await until(async () => (await parcels.get('quick'))?.state === 'succeeded' && (await secrets.get('hidden')))
    const { client } = await open({ authorize: (_request, { queue }) => queue !== 'secrets' })
    const { said, of, until: heard } = client({ queue: 'parents', id: 'p' })
    await heard(() => lastState(said, 'parcels/quick') && lastState(said, 'parcels/slow'))
    for (const id of ['quick', 'slow'])
      expect(of('actor', `parcels/${id}`)).toMatchObject([{ name: id, parentId: 'parents/p', rootId: 'parents/p' }])
    expect(of('actor', 'parents/p')[0]).not.toHaveProperty('parentId')
    expect(of('snapshot', 'parcels/quick').map(({ snapshot }) => snapshot.value)).toEqual([
      'pending',
      'processing',
      'succeeded',
    ])
    open1.open()
    await heard(() => lastState(said, 'parcels/slow').value === 'succeeded')
    expect(said.filter(({ sessionId }) => sessionId.startsWith('secrets/'))).toEqual([])
    expect(resolveAll(said)).toBeGreaterThan(6)
  })

  test('gets the machine, the journal, and then what happens, with the machines within; and every state is one of its machine', async () => {
    const charge = gate()
    const begun = gate()
    let attempts = 0
    orders.work({
      'payment/charge': async () => {
        if (++attempts === 1) throw new RetryableError('till is shut')
        begun.open()
        await charge.opened
      },
    })
    await orders.send({ total: 42, card: '4111' }, { id: 'o1' })
    await orders.signal('o1', { type: 'LOOK' }, { wait: '10s' })
    const { client } = await open()
    const { said, of, until: heard } = client({ queue: 'orders', id: 'o1' })
    await heard(() => of('snapshot', 'orders/o1').length === 2)
    expect(said[0]).toMatchObject({ type: '@xstate.actor', name: 'o1', sessionId: 'orders/o1', rootId: 'orders/o1' })
    expect(of('event', 'orders/o1').map(({ event }) => event)).toEqual([
      { type: 'xstate.init', input: { total: 42, card: '4111' } },
      { type: 'LOOK' },
    ])

    await orders.signal('o1', { type: 'APPROVE' })
    await begun.opened
    const pay = 'orders/o1#pay'
    await heard(() => lastState(said, pay)?.value === 'charging' && attempts === 2)
    expect(of('actor', pay)[0]).toMatchObject({ name: 'pay', parentId: 'orders/o1', rootId: 'orders/o1' })
    const charges = said.filter(({ type, parentId }) => type === '@xstate.actor' && parentId === pay)
    expect(charges.at(-1)).toMatchObject({ name: 'charge', snapshot: { input: { total: 42 } } })
    expect(charges.at(-1).definition).toBeUndefined()
    charge.open()
    await orders.signal('o1', { type: 'PACKED' })
    await heard(() => lastState(said, 'orders/o1')?.status === 'done')

    expect(lastState(said, 'orders/o1')).toMatchObject({ value: 'done', context: { total: 42, by: 'ada' } })
    expect(of('event', 'orders/o1').map(({ event }) => event.type)).toEqual(
      expect.arrayContaining(['xstate.init', 'LOOK', 'APPROVE', 'PACKED']),
    )
    expect(said.filter(({ definition }) => definition).map(({ sessionId }) => sessionId)).toEqual(['orders/o1', pay])
    expect(resolveAll(said)).toBeGreaterThan(7)
  })

  test('that comes again gets all of it again; one that watches a queue gets what is sent to it', async () => {
    const { client, cut } = await open()
    const before = client({ queue: 'orders' })
    await orders.send({ total: 1, card: '4111' }, { id: 'o2' })
    await before.until(() => before.of('snapshot', 'orders/o2').length === 1)
    cut()
    await orders.signal('o2', { type: 'LOOK' })
    const after = client({ queue: 'orders', id: 'o2' })
    await after.until(() => after.of('snapshot', 'orders/o2').length === 2)
    expect(after.said[0].type).toBe('@xstate.actor')
    await orders.signal('o2', { type: 'GIFT' })
    await orders.signal('o2', { type: 'APPROVE' })
    await after.until(() => lastState(after.said, 'orders/o2').value.work)
    expect(resolveAll(after.said)).toBeGreaterThan(3)
    expect(before.of('snapshot', 'orders/o2')).toHaveLength(1)
  })

  test('sees why messages of the default machine failed, and how one ended that is deleted with its success', async () => {
    const emails = redrive.queue<{ to: string }>('emails', { retention: { succeeded: { count: 0 } } })
    await emails.send({ to: 'ada' }, { id: 'bad' })
    await emails.send({ to: 'bob' }, { id: 'good' })
    const { client } = await open()
    const { said, until: heard } = client({ queue: 'emails' })
    await heard(() => lastState(said, 'emails/bad') && lastState(said, 'emails/good'))
    emails.work(async ({ to }) => {
      if (to === 'ada') throw new NonRetryableError('no such box')
      return 'sent'
    })
    await heard(() => lastState(said, 'emails/bad').value === 'dead')
    const failed = said.find(({ event }) => event?.type === 'xstate.error.actor.handler')
    expect(failed.event.error).toMatchObject({
      name: 'NonRetryableError',
      message: expect.stringContaining('no such box'),
    })
    await heard(() => lastState(said, 'emails/good').value === 'succeeded')
    expect(lastState(said, 'emails/good')).toMatchObject({ status: 'done' })
    expect(resolveAll(said)).toBeGreaterThan(4)
  })

  test('sees what the context was in the past, where the queue keeps that', async () => {
    const letters = redrive.queue<{ to: string; pin: string }>('letters', {
      journal: { contexts: true },
      retry: { attempts: 2, backoff: { type: 'fixed', delay: 1 } },
    })
    letters.work(async () => {
      throw new Error('no such box')
    })
    await letters.send({ to: 'ada', pin: '1234' }, { id: 'l1' })
    await until(async () => (await letters.get('l1'))?.state === 'dead')
    const { client } = await open({ redact: (value, path) => (path.at(-1) === 'pin' ? '[hidden]' : value) })
    const { said, of, until: heard } = client({ queue: 'letters', id: 'l1' })
    await heard(() => lastState(said, 'letters/l1')?.value === 'dead')
    const payload = { to: 'ada', pin: '[hidden]' }
    expect(of('actor', 'letters/l1')[0].snapshot.context).toEqual({ payload })
    const contexts = of('snapshot', 'letters/l1').map(({ snapshot: { value, context } }) => [value, context])
    expect(contexts).toMatchObject([
      ['pending', { payload }],
      ['processing', { payload, attempt: 1 }],
      ['retrying', { payload, attempt: 1, error: { message: 'no such box' } }],
      ['processing', { payload, attempt: 2 }],
      ['dead', { payload, attempt: 2, reason: 'exhausted' }],
    ])
    expect(contexts[0]![1].error).toBeUndefined()
  })
})

describe('who is let in, and what is shown', () => {
  beforeAll(async () => {
    backend = await inMemory()
    redrive = backend.open()
    await redrive.queue('orders', { machine: order }).send({ total: 7, card: '4111-1111' }, { id: 'o1' })
  })
  afterAll(() => backend.stop())

  test('nobody without the token, which a client puts into the address', async () => {
    const { client, refusal } = await open({ token: TOKEN })
    expect(await refusal({ queue: 'orders' })).toEqual({ status: 401, code: 'E_UNAUTHORIZED' })
    expect(await refusal({ queue: 'orders', token: 'another-of-some-length' })).toMatchObject({ status: 401 })
    const { until: heard } = client({ queue: 'orders', token: TOKEN })
    await heard((said) => said.length > 1)
  })

  test.each([
    ['the page of another site', { origin: 'https://evil.example' }, {}, 403, 'E_FORBIDDEN'],
    ['a page that says itself that it is of another site', { 'sec-fetch-site': 'cross-site' }, {}, 403, 'E_FORBIDDEN'],
    ['another name for this machine', { host: 'evil.example' }, {}, 403, 'E_FORBIDDEN'],
    ['whoever names no queue', {}, { queue: '' }, 400, 'E_INVALID_REQUEST'],
    ['whoever names a queue that is not', {}, { queue: 'ordres' }, 404, 'E_UNKNOWN_QUEUE'],
    ['whoever names a message that is not', {}, { id: 'o2' }, 404, 'E_NOT_FOUND'],
    ['whoever misspells the message, and would see all', {}, { idd: 'o1' }, 400, 'E_INVALID_REQUEST'],
    ['whoever wants to be something else', {}, { role: 'king' }, 400, 'E_INVALID_REQUEST'],
  ])('not %s', async (_, headers, query, status, code) => {
    const { refusal } = await open()
    expect(await refusal({ queue: 'orders', ...query }, headers as Record<string, string>)).toEqual({ status, code })
  })

  test('not whom authorize refuses, and no source where nothing may be changed', async () => {
    const { refusal } = await open({ authorize: (_, { type, id }) => type === 'read' && id !== 'o1' })
    expect(await refusal({ queue: 'orders', id: 'o1' })).toMatchObject({ status: 403 })
    await endpoint?.close()
    const reading = await open({ readOnly: true })
    expect(await reading.refusal({ queue: 'orders', role: 'source' })).toMatchObject({ status: 403 })
  })

  test('what is to be hidden is nowhere in the stream, of messages and of actors that run elsewhere', async () => {
    const { client, url } = await open({ redact: (value, path) => (path.includes('card') ? 'hidden' : value) })
    const { said, until: heard } = client({ queue: 'orders', id: 'o1' })
    await heard(() => said.length === 3)
    const { inspect, stop } = createWebSocketInspector({ url: url({ queue: 'orders', role: 'source' }) })
    const actor = createActor(order, { inspect, input: { total: 7, card: '4111-1111' } }).start()
    try {
      actor.send({ type: 'LOOK' })
      await heard(() => lastState(said, `source-1/${actor.sessionId}`)?.value.review === 'looking')
    } finally {
      actor.stop()
      stop()
    }
    expect(JSON.stringify(said)).not.toContain('4111')
    expect(said.filter(({ snapshot }) => snapshot?.context?.card === 'hidden').length).toBeGreaterThan(1)
  })
})

describe('an ordinary actor of the user', () => {
  beforeAll(async () => {
    backend = await inMemory()
    redrive = backend.open()
    await redrive.queue('orders', { machine: order }).send({ total: 7, card: '1' }, { id: 'twin' })
  })
  afterAll(() => backend.stop())

  test('is shown beside its durable twin, also to whoever comes later', async () => {
    const { client, url } = await open()
    const { inspect, stop } = createWebSocketInspector({ url: url({ queue: 'orders', id: 'twin', role: 'source' }) })
    const actor = createActor(order, { inspect, input: { total: 7, card: '1' } }).start()
    const session = `source-1/${actor.sessionId}`
    try {
      const first = client({ queue: 'orders', id: 'twin' })
      await first.until((said) => lastState(said, 'orders/twin'))
      actor.send({ type: 'LOOK' })
      await first.until((said) => lastState(said, session)?.value.review === 'looking')
      const later = client({ queue: 'orders' })
      await later.until(
        (said) => lastState(said, session)?.value.review === 'looking' && lastState(said, 'orders/twin'),
      )
      const definitions = later.said.flatMap(({ type, definition }) =>
        type === '@xstate.actor' && definition ? [JSON.parse(definition).id] : [],
      )
      expect(definitions).toEqual(['order', 'order'])
      expect(resolveAll(later.said)).toBeGreaterThan(3)
    } finally {
      actor.stop()
      stop()
    }
  })

  test('is cut off when it says what is not of the wire', async () => {
    const { url } = await open()
    const { WebSocket } = await import('ws')
    const socket = new WebSocket(url({ queue: 'orders', role: 'source' }))
    let code = 0
    socket.on('close', (given) => (code = given))
    socket.on('open', () => socket.send('{"type":"@xstate.hello"}'))
    await until(() => code)
    expect(code).toBe(1008)
  })
})
