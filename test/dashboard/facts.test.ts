import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { setup } from 'xstate'
import type { Redrive } from '../../src/index.ts'
import { onRedis, until } from '../support/backends.ts'
import { openStage, type Stage } from './stage.ts'

let backend: Awaited<ReturnType<typeof onRedis>>
let redrive: Redrive
let stage: Stage

const machine = (version: string, states: readonly string[]) =>
  setup({
    guards: {
      breaks: (): boolean => {
        throw new Error('broken guard')
      },
    },
  }).createMachine({
    id: 'review',
    version,
    initial: 'waiting',
    states: Object.fromEntries(
      states.map((state) => [state, { on: { GO: states.at(-1), BREAK: { target: 'waiting', guard: 'breaks' } } }]),
    ),
  })

beforeAll(async () => {
  backend = await onRedis({ 'maxmemory-policy': 'allkeys-lru' })
  const old = backend.open().queue('reviews', { machine: machine('1', ['waiting', 'shelved']) })
  await old.sendBulk([1, 2, 3].map((i) => ({ input: {}, id: `r${i}` })))
  const worker = old.work()
  await old.signal('r3', { type: 'GO' }, { wait: '10s' })
  await old.signal('r2', { type: 'BREAK' })
  await until(async () => (await old.get('r2'))?.state === '~quarantined')
  await worker.stop()
  redrive = backend.open()
  await redrive.queue('reviews', { machine: machine('2', ['waiting', 'done']) }).send({}, { id: 'r4' })
  await backend
    .open()
    .queue('elsewhere', { machine: machine('9', ['waiting', 'done']) })
    .send({}, { id: 'e1' })
  stage = await openStage(redrive)
})
afterAll(async () => {
  await stage?.close()
  await backend?.stop()
})

test('the versions of a queue: what is in which, what the code does not fit, and what was put aside', async () => {
  const { body } = await stage.get('api/v1/versions')
  const [elsewhere, reviews] = body.queues
  expect(reviews).toMatchObject({ queue: 'reviews', known: true, current: expect.stringMatching(/^review@2#/) })
  expect(reviews.versions).toEqual([
    {
      ref: expect.stringMatching(/^review@1#/),
      arrivedAt: expect.any(Number),
      live: 3,
      finished: 0,
      states: { shelved: 1, waiting: 2 },
      fate: expect.objectContaining({ moves: 1, orphaned: 1 }),
    },
    {
      ref: reviews.current,
      arrivedAt: expect.any(Number),
      live: 1,
      finished: 0,
      states: { waiting: 1 },
      fate: { runs: 1 },
    },
  ])
  expect(reviews.drift).toContainEqual(
    expect.objectContaining({
      state: 'shelved',
      fate: 'orphaned',
      count: 1,
      example: 'r3',
      reason: expect.stringContaining('shelved'),
    }),
  )
  // A release would only bring it back, because the machine still breaks.
  expect(reviews.drift).toContainEqual(expect.objectContaining({ fate: 'stuck', count: 1, example: 'r2' }))
  expect(reviews.quarantined).toEqual([
    { id: 'r2', reason: expect.stringContaining('broken guard'), event: { type: 'BREAK' }, at: expect.any(Number) },
  ])
  expect(elsewhere).toMatchObject({
    known: false,
    versions: [{ ref: expect.stringMatching(/^review@9#/), live: 1, states: { waiting: 1 } }],
  })
})

test('one that is put aside is counted apart, tells why, and takes no step', async () => {
  const { body } = await stage.get('api/v1/overview')
  expect(body.queues[1]).toMatchObject({ name: 'reviews', quarantined: 1 })
  const message = await stage.get('api/v1/queues/reviews/messages/r2')
  expect(message.body.message).toMatchObject({
    state: '~quarantined',
    quarantine: { reason: expect.stringContaining('broken guard') },
    failure: { name: 'Quarantined' },
  })
  const next = await stage.get('api/v1/queues/reviews/messages/r2/next')
  expect([next.status, next.body.error.code]).toEqual([409, 'E_STEP_FAILED'])
})

test('a message of an older version is foretold as a worker would move it, and one that does not fit is told so', async () => {
  const { body } = await stage.post('api/v1/queues/reviews/messages/r1/dry-run', { event: { type: 'GO' } })
  expect(body).toMatchObject({ from: 'waiting', to: 'done', changed: true })
  const next = await stage.get('api/v1/queues/reviews/messages/r3/next')
  expect([next.status, next.body.error.code]).toEqual([409, 'E_STEP_FAILED'])
  expect(next.body.error.message).toContain('shelved')
})

test('a dashboard that comes first with a newer version foretells by it at once, and does not announce it', async () => {
  const newer = backend.open()
  newer.queue('reviews', { machine: machine('3', ['waiting', 'gone']) })
  const early = await openStage(newer)
  try {
    const next = await early.get('api/v1/queues/reviews/messages/r4/next')
    expect([next.status, next.body.events?.[0]]).toMatchObject([200, { type: 'GO', target: 'gone' }])
    const { queues } = (await early.get('api/v1/versions')).body
    const reviews = queues.find(({ queue }: { queue: string }) => queue === 'reviews')
    expect(reviews.versions.map(({ ref }: { ref: string }) => ref.split('#')[0]).toSorted()).toEqual([
      'review@1',
      'review@2',
    ])
  } finally {
    await early.close()
  }
})

test('health tells what the doctor finds', async () => {
  const { body } = await stage.get('api/v1/health')
  expect(body).toMatchObject({ redis: { up: true, description: expect.stringContaining('redis') } })
  expect(body.findings).toContainEqual(
    expect.objectContaining({
      code: 'D_EVICTION',
      severity: 'warning',
      what: expect.any(String),
      why: expect.any(String),
      mend: expect.any(String),
    }),
  )
})

test('the API describes itself, each path with what it takes', async () => {
  const { body } = await stage.get('api/v1/openapi.json')
  expect(body.openapi).toBe('3.1.0')
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining([
      '/api/v1/overview',
      '/api/v1/queues/{q}/messages',
      '/api/v1/queues/{q}/messages/{id}/events',
      '/api/v1/openapi.json',
    ]),
  )
  expect(body.paths['/api/v1/queues/{q}/messages']).toMatchObject({
    get: {
      parameters: expect.arrayContaining([
        { name: 'q', in: 'path', required: true, description: expect.any(String), schema: { type: 'string' } },
      ]),
    },
    post: { requestBody: { required: true } },
  })
  for (const [path, methods] of Object.entries(body.paths as Record<string, Record<string, { summary: string }>>))
    for (const [method, { summary }] of Object.entries(methods))
      expect(`${method} ${path}: ${summary}`).toMatch(/: [A-Z].*\.$/)
})

test('the description tells streams and pages from JSON, and that an operation is accepted', async () => {
  const { body } = await stage.get('api/v1/openapi.json')
  const answers = (path: string, method = 'get'): [string, string[]][] =>
    Object.entries(body.paths[`/api/v1/${path}`][method].responses as Record<string, { content?: object }>).flatMap(
      ([status, { content }]) => (content ? [[status, Object.keys(content)]] : []),
    )
  expect(answers('queues/{q}/messages/{id}/sources')).toEqual([['200', ['text/event-stream']]])
  expect(answers('inspect/stately')).toEqual([['200', ['text/html']]])
  expect(answers('queues/{q}/operations', 'post')).toEqual([
    ['200', ['application/json']],
    ['202', ['application/json']],
  ])
})
