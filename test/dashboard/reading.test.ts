import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { setup } from 'xstate'
import type { Queue, Redrive } from '../../src/index.ts'
import { NonRetryableError } from '../../src/index.ts'
import { onRedis, until, type TestBackend } from '../support/backends.ts'
import { openStage, type Stage } from './stage.ts'

let backend: TestBackend
let redrive: Redrive
let emails: Queue
let stage: Stage

const traffic = setup({}).createMachine({
  id: 'traffic',
  type: 'parallel',
  states: {
    lamp: { initial: 'red', states: { red: { on: { GO: 'green' } }, green: {} } },
    road: { initial: 'dry', states: { dry: { on: { RAIN: 'wet' } }, wet: {} } },
  },
})

beforeAll(async () => {
  backend = await onRedis()
  redrive = backend.open()
  emails = redrive.queue('emails', { retry: { attempts: 1 } })
  const sent = Array.from({ length: 25 }, (_, i) => ({
    input: { to: { city: i % 2 ? 'Riga' : 'Oslo' }, i },
    id: `m${String(i).padStart(2, '0')}`,
  }))
  await emails.sendBulk(sent)
  await emails.sendBulk([1, 2, 3].map((i) => ({ input: i, id: `later-${i}`, delay: 100_000 * i })))
  emails.work((input: { i: number }) => {
    if (input.i % 5 === 0) throw new NonRetryableError(`user ${input.i} is gone`)
  })
  const lights = redrive.queue('lights', { machine: traffic })
  await lights.sendBulk([
    { input: {}, id: 'l1' },
    { input: {}, id: 'l2' },
  ])
  lights.work()
  await lights.signal('l1', { type: 'GO' }, { wait: '10s' })
  await until(async () => (await emails.stats()).states['succeeded'] === 20)
  await backend
    .open()
    .queue('foreign', { machine: setup({}).createMachine({ id: 'foreign', initial: 'a', states: { a: {} } }) })
    .send({}, { id: 'f1' })
  stage = await openStage(redrive)
})
afterAll(async () => {
  await stage?.close()
  await backend?.stop()
})

describe('a query', () => {
  test.each([
    [
      'queues/emails/messages?state=dead&minAttempt=3',
      'there is no parameter "minAttempt" here. Did you mean "minAttempts"?',
    ],
    ['audit?most=5', 'there is no parameter "most" here, but: limit.'],
    ['queues/emails/messages', 'say which state: ?state=dead.'],
  ])('%s is refused: it would be answered as another one', async (path, why) => {
    const { status, body } = await stage.get(`api/v1/${path}`)
    expect([status, body.error.code]).toEqual([400, 'E_INVALID_REQUEST'])
    expect(body.error.message).toContain(why)
  })

  test("of a path that has no parameters is nobody's", async () => {
    expect((await stage.get('api/v1/overview?_=1795469859447')).status).toBe(200)
  })
})

describe('the overview', () => {
  test('tells of the server and of all queues, also of one whose machine is elsewhere', async () => {
    const { status, body } = await stage.get('api/v1/overview')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      readOnly: false,
      redis: { up: true, description: expect.stringContaining('redis'), memory: { policy: 'noeviction' } },
    })
    const [mails, foreign, lights] = body.queues
    expect(mails).toMatchObject({
      name: 'emails',
      partitions: 1,
      known: true,
      machine: emails.machineRef,
      states: { dead: 5, pending: 3, succeeded: 20 },
      live: 3,
      settled: 25,
      due: 0,
      oldestDueMs: 0,
      paused: false,
      quarantined: 0,
    })
    expect(foreign).toMatchObject({ name: 'foreign', known: false, states: { a: 1 }, live: 1 })
    expect(lights.states).toEqual({ 'lamp.green+road.dry': 1, 'lamp.red+road.dry': 1 })
  })
})

describe('a chart', () => {
  test('is laid out, and known by its fingerprint', async () => {
    const { body, headers } = await stage.get('api/v1/queues/emails/chart')
    expect(body).toMatchObject({ id: 'message', layout: { width: expect.any(Number), states: expect.any(Array) } })
    expect(headers.get('etag')).toBe(`"${body.fingerprint}"`)
    expect(emails.machineRef).toContain(`#${body.fingerprint}`)
    expect((await stage.get('api/v1/queues/emails/chart', { 'if-none-match': `"${body.fingerprint}"` })).status).toBe(
      304,
    )
  })

  test('is known again when its tag was made weak on the way, or stands among others; a page is too', async () => {
    for (const path of ['api/v1/queues/emails/chart', '']) {
      const etag = (await stage.get(path)).headers.get('etag')!
      for (const known of [`W/${etag}`, `"another", ${etag}`, '*'])
        expect((await stage.get(path, { 'if-none-match': known })).status).toBe(304)
      expect((await stage.get(path, { 'if-none-match': 'W/"another"' })).status).toBe(200)
    }
  })

  test('of a machine that is not here is told how to get', async () => {
    const { status, body } = await stage.get('api/v1/queues/foreign/chart')
    expect([status, body.error.code]).toEqual([404, 'E_UNKNOWN_MACHINE'])
    expect(body.error.message).toContain('--module')
  })
})

describe('a list', () => {
  const idsOf = (items: readonly { id: string }[]): string[] => items.map(({ id }) => id)

  async function pages(query: string): Promise<{ ids: string[]; calls: number }> {
    const ids: string[] = []
    let cursor = ''
    for (let calls = 1; ; calls++) {
      const { status, body } = await stage.get(`api/v1/queues/emails/messages?${query}${cursor && `&cursor=${cursor}`}`)
      expect(status).toBe(200)
      ids.push(...idsOf(body.items))
      if (body.next === null) return { ids, calls }
      cursor = body.next
    }
  }

  test.each(['asc', 'desc'])('comes page by page, each message once: %s', async (direction) => {
    const whole = await pages(`state=succeeded&limit=500&direction=${direction}`)
    expect(whole.ids).toHaveLength(20)
    expect(await pages(`state=succeeded&limit=7&direction=${direction}`)).toEqual({ ids: whole.ids, calls: 3 })
    expect(await pages(`state=succeeded&limit=10&direction=${direction}`)).toEqual({ ids: whole.ids, calls: 2 })
  })

  test('does not skip what stands behind one that has left', async () => {
    const first = await stage.get('api/v1/queues/emails/messages?state=pending&limit=2')
    expect(idsOf(first.body.items)).toEqual(['later-1', 'later-2'])
    await emails.remove('later-1')
    const second = await stage.get(`api/v1/queues/emails/messages?state=pending&limit=2&cursor=${first.body.next}`)
    expect(idsOf(second.body.items)).toEqual(['later-3'])
    expect(second.body).toMatchObject({ next: null, complete: true })
  })

  test('can be ordered by the time of entry where that is another order', async () => {
    await emails.send(0, { id: 'sooner', delay: 1000_000 })
    await emails.send(0, { id: 'soonest', delay: 900_000 })
    expect((await pages('state=pending&order=due&limit=1')).ids).toEqual(['later-2', 'later-3', 'soonest', 'sooner'])
    const { ids } = await pages('state=pending&order=entered&limit=1')
    expect(ids.slice(-2)).toEqual(['sooner', 'soonest'])
    expect((await pages('state=pending&order=entered&limit=2&direction=desc')).ids).toEqual(ids.toReversed())
  })

  test('shows a row of what matters', async () => {
    const { body } = await stage.get('api/v1/queues/emails/messages?state=dead&limit=1')
    expect(body.items[0]).toMatchObject({
      id: 'm00',
      state: 'dead',
      tags: expect.arrayContaining(['dead']),
      dueAt: null,
      attempts: 1,
      error: {
        name: 'NonRetryableError',
        message: 'user 0 is gone',
        fingerprint: expect.stringMatching(/^[0-9a-f]{12}$/),
      },
      summary: '{"to":{"city":"Oslo"},"i":0}',
    })
  })

  test.each([
    ['idPrefix=m1', 2],
    ['errorName=NonRetryableError', 5],
    ['errorName=TypeError', 0],
    ['minAttempts=2', 0],
    ['maxAgeMs=0', 0],
    ['field=to.city&equals="Riga"', 2],
    ['field=i&equals=15', 1],
    ['field=nowhere.at.all&equals=1', 0],
  ])('is filtered by %s', async (filter, count) => {
    const { body } = await stage.get(`api/v1/queues/emails/messages?state=dead&${filter}`)
    expect(body).toMatchObject({ examined: 5, complete: true, next: null })
    expect(body.items).toHaveLength(count)
  })

  test('of a part of parallel states, or of a state that has others within it, holds all of them', async () => {
    const ids = async (state: string) =>
      idsOf((await stage.get(`api/v1/queues/lights/messages?state=${encodeURIComponent(state)}`)).body.items)
    expect(await ids('lamp.green')).toEqual(['l1'])
    expect((await ids('road.dry')).toSorted()).toEqual(['l1', 'l2'])
    expect((await ids('lamp')).toSorted()).toEqual(['l1', 'l2'])
    expect(await ids('lamp.red+road.dry')).toEqual(['l2'])
    expect(await ids('lam')).toEqual([])
  })

  test.each([
    ['messages', 'state'],
    ['messages?state=dead&limit=0', 'limit'],
    ['messages?state=dead&order=size', 'order'],
    ['messages?state=dead&cursor=nonsense', 'cursor'],
    ['messages?state=dead&minAgeMs=soon', 'minAgeMs'],
    ['messages?state=dead&field=to', 'filter.field'],
  ])('is refused as %s', async (path, where) => {
    const { status, body } = await stage.get(`api/v1/queues/emails/${path}`)
    expect([status, body.error.details.path]).toEqual([400, where])
  })
})

test('errors that are alike are counted together', async () => {
  const { body } = await stage.get('api/v1/queues/emails/errors')
  expect(body).toMatchObject({ examined: 5, complete: true })
  expect(body.groups).toEqual([
    expect.objectContaining({ name: 'NonRetryableError', count: 5, example: expect.any(String) }),
  ])
})

test('a search finds by id, or its beginning, in all queues', async () => {
  const search = async (id: string) => (await stage.get(`api/v1/search?id=${id}`)).body.items
  expect(await search('f1')).toEqual([{ queue: 'foreign', id: 'f1', state: 'a' }])
  expect((await search('m2')).map(({ id }: { id: string }) => id).toSorted()).toEqual([
    'm20',
    'm21',
    'm22',
    'm23',
    'm24',
  ])
  expect(await search('nothing')).toEqual([])
})

test('a message is told whole', async () => {
  const { body } = await stage.get('api/v1/queues/emails/messages/m05')
  expect(body.message).toMatchObject({
    id: 'm05',
    state: 'dead',
    value: 'dead',
    status: 'active',
    input: { to: { city: 'Riga' }, i: 5 },
    context: { attempt: 1, error: { message: 'user 5 is gone' } },
    attempts: 1,
    dueAt: null,
    machine: emails.machineRef,
    failure: { name: 'NonRetryableError' },
  })
  expect(body.history.map(({ event, state }: { event: string; state: string }) => [event, state])).toEqual([
    ['init', 'pending'],
    ['after deliver', 'processing'],
    ['error handler', 'dead'],
  ])
  expect(body.raw.keys.message).toBe('rd:{emails:0}:m:m05')
  expect(body.raw.fields).toHaveProperty('p')
})

test.each([
  ['api/v1/queues/emails/messages/never', 404, 'E_NOT_FOUND'],
  ['api/v1/queues/emils/chart', 404, 'E_UNKNOWN_QUEUE'],
  ['api/v1/queues/emails/messages/%7Bx%7D', 400, 'E_INVALID_ID'],
  ['api/v1/queues/emails/messages/%00', 400, 'E_INVALID_ID'],
  ['api/v1/queues/emails/messages/%ff', 400, 'E_INVALID_REQUEST'],
  ['api/v1/queues/%7B%7D/live', 400, 'E_INVALID_ID'],
  ['api/v1/nothing', 404, 'E_INVALID_REQUEST'],
])('%s is answered by %d', async (path, status, code) => {
  const answer = await stage.get(path)
  expect([answer.status, answer.body.error.code]).toEqual([status, code])
})
