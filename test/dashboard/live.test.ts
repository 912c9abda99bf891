import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Queue, Redrive } from '../../src/index.ts'
import { gate, onRedis, until } from '../support/backends.ts'
import { openStage, readLive, type LiveReader, type Stage } from './stage.ts'

let backend: Awaited<ReturnType<typeof onRedis>>
let redrive: Redrive
let queue: Queue
let stage: Stage
const readers = new Set<LiveReader>()

async function live(headers: Record<string, string> = {}): Promise<LiveReader> {
  const reader = await readLive(`${stage.url}api/v1/queues/emails/live`, headers)
  readers.add(reader)
  return reader
}

beforeAll(async () => {
  backend = await onRedis()
  redrive = backend.open({ commandTimeout: '20s' })
  queue = redrive.queue('emails')
  stage = await openStage(redrive)
})
afterAll(async () => {
  await Promise.all([...readers].map((reader) => reader.close()))
  await stage?.close()
  await backend?.stop()
})

test('the first event is a whole tick; then populations, rates, edges, stays and dots follow the traffic', async () => {
  await queue.send(0, { id: 'before', delay: 1000_000 })
  const reader = await live()
  expect(reader.headers.get('content-type')).toContain('text/event-stream')
  expect(reader.headers.get('cache-control')).toBe('no-cache, no-transform')
  expect(reader.headers.get('x-accel-buffering')).toBe('no')
  const first = await reader.until(() => true)
  expect(first).toMatchObject({
    event: 'tick',
    data: { redis: 'up', paused: false, states: { pending: { count: 1 } }, lagMs: 0 },
  })

  const held = gate()
  const worker = queue.work(async (input: string) => input === 'wait' && held.opened, { concurrency: 5, name: 'w1' })
  await queue.send('wait', { id: 'slow' })
  await queue.sendBulk(Array.from({ length: 20 }, (_, i) => ({ input: '', id: `quick-${i}` })))
  const flow = await reader.until(({ event }) => event === 'flow')
  expect(flow.data.items[0]).toEqual({
    id: expect.any(String),
    from: null,
    to: 'pending',
    event: 'init',
    at: expect.any(Number),
  })
  const tick = await reader.until(
    ({ event, data }) => event === 'tick' && data.states.succeeded?.inPerSecond > 0 && data.workers.active === 1,
  )
  expect(tick.data).toMatchObject({
    states: {
      pending: { count: 1, oldestAt: expect.any(Number) },
      processing: { count: 1, samples: 20, p50Ms: expect.any(Number), p99Ms: expect.any(Number) },
      succeeded: { count: 20, outPerSecond: 0 },
    },
    workers: { count: 1, active: 1 },
  })
  expect(tick.data.perSecond.succeeded).toBeGreaterThan(0)
  const edges = tick.data.edges.map(({ from, to, event }: Record<string, string>) => [from, to, event])
  expect(edges).toContainEqual(['pending', 'processing', 'after deliver'])
  expect(edges).toContainEqual(['processing', 'succeeded', 'done handler'])
  expect(Number(tick.id)).toBeGreaterThan(Number(first.id))
  held.open()
  await worker.stop()
})

test('a further viewer begins with a whole tick at once, wherever he left off', async () => {
  const { data, event } = await (await live({ 'last-event-id': '7' })).until(() => true)
  expect(event).toBe('tick')
  expect(data.states.succeeded.count).toBeGreaterThanOrEqual(20)
})

test('what was seen is kept second by second', async () => {
  const { body } = await stage.get('api/v1/queues/emails/history?minutes=1')
  expect(body.points.length).toBeGreaterThan(1)
  expect(
    body.points.reduce((sum: number, point: { succeeded: number }) => sum + point.succeeded, 0),
  ).toBeGreaterThanOrEqual(20)
  expect(body.points.at(-1)).toMatchObject({ live: expect.any(Number), lagMs: 0 })
})

test('however many look, the feed is read once, and Redis writes to no subscriber more', async () => {
  const client = backend.redis.client()
  const subscribers = async () => (await client.pubsub('NUMSUB', 'rd:{emails:0}:feed'))[1]
  const viewers = await Promise.all([live(), live(), live()])
  await Promise.all(viewers.map((viewer) => viewer.until(({ event }) => event === 'tick')))
  expect(await subscribers()).toBe(0)
})

test('while Redis is away the stream says so and the API answers 503; when it is back both go on by themselves', async () => {
  const reader = await live()
  await reader.until(({ data }) => data.redis === 'up')
  await backend.redis.server.kill('SIGKILL')
  const away = await reader.until(({ event, data }) => event === 'tick' && data.redis === 'away')
  expect(away.data.states.succeeded.count).toBeGreaterThanOrEqual(20)
  const [list, ready, healthy, overview] = await Promise.all([
    stage.get('api/v1/queues/emails/messages?state=dead'),
    stage.get('readyz'),
    stage.get('healthz'),
    stage.get('api/v1/overview'),
  ])
  expect([list.status, list.body.error.code]).toEqual([503, 'E_REDIS_UNAVAILABLE'])
  expect([ready.status, healthy.status]).toEqual([503, 200])
  expect(overview.body).toMatchObject({ redis: { up: false } })
  await backend.redis.server.restart()
  await reader.until(({ event, data }) => event === 'tick' && data.redis === 'up')
  await until(async () => (await stage.get('readyz')).status === 200)
  // The subscription is back too, a little later perhaps: what is sent before is not heard of.
  let heard = false
  const flow = reader.until(({ event }) => event === 'flow').then(() => (heard = true))
  await until(async () => (await queue.send('', { delay: 1000_000 })) && heard)
  await flow
})
