import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { startEmbeddedRedis, type EmbeddedRedis } from '../../src/embedded/embedded-redis.ts'
import { createMemoryStore, Redrive, silentLogger } from '../../src/index.ts'
import { until } from '../support/backends.ts'

// A real primary, a real replica of it, and a client that asks for its word.

let primary: EmbeddedRedis
let replica: EmbeddedRedis
let admin: Redis
let redrive: Redrive

beforeEach(async () => {
  // A replica finds its primary by a port.
  primary = await startEmbeddedRedis({ port: 0, config: { 'repl-diskless-sync-delay': '0' } })
  const port = new URL(primary.url).port
  replica = await startEmbeddedRedis({ port: 0, config: { replicaof: `127.0.0.1 ${port}` } })
  // Or a client whose server is gone keeps its process for two seconds more.
  admin = new Redis(primary.url, { replyMapping: 'legacy', disconnectTimeout: 0 })
  admin.on('error', () => {})
  redrive = new Redrive({
    redis: primary.url,
    logger: silentLogger,
    durability: { replicas: 1, timeout: '1s' },
  })
  await until(async () => (await admin.info('replication')).includes('state=online'))
})
afterEach(async () => {
  await redrive.close({ timeout: 0 })
  admin.disconnect()
  await replica.kill('SIGCONT').catch(() => {})
  await Promise.all([primary.stop(), replica.stop()])
})

test('a send and a signal say how many replicas have them', async () => {
  const queue = redrive.queue('jobs')
  const sent = await queue.sendBulk(Array.from({ length: 250 }, (_, i) => ({ input: i, id: `m${i}` })))
  expect(new Set(sent.map(({ confirmed }) => confirmed))).toEqual(new Set([1]))
  expect(await queue.signal('m1', { type: 'CANCEL' })).toEqual({ id: 'm1', status: 'delivered', confirmed: 1 })
  const copy = new Redis(replica.url, { replyMapping: 'legacy' })
  expect(await copy.exists('rd:{jobs:0}:m:m0')).toBe(1)
  copy.disconnect()
})

test('while the replica lags the message is stored, and is said to be nowhere else', async () => {
  const queue = redrive.queue('jobs')
  await queue.send({}, { id: 'before' })
  await replica.kill('SIGSTOP')
  expect(await queue.send({}, { id: 'a' })).toEqual({ id: 'a', status: 'created', confirmed: 0 })
  expect(await queue.get('a')).toMatchObject({ state: 'pending' })
  await replica.kill('SIGCONT')
  expect(await queue.send({}, { id: 'b' })).toMatchObject({ confirmed: 1 })
})

test('a connection that is cut while it waits confirms nothing by mistake', async () => {
  const queue = redrive.queue('jobs')
  await queue.send({}, { id: 'before' })
  await replica.kill('SIGSTOP')
  const sending = queue.send({}, { id: 'a' })
  const waiting = await until(async () => {
    const clients = (await admin.client('LIST')) as string
    return clients.split('\n').find((line) => line.includes('cmd=wait'))
  })
  await admin.client('KILL', 'ID', /\bid=(\d+)/.exec(waiting)![1]!)
  expect(await sending).toEqual({ id: 'a', status: 'created', confirmed: 0 })
})

test('what was confirmed is there after a failover', async () => {
  const queue = redrive.queue('jobs')
  const sent = await queue.sendBulk(Array.from({ length: 100 }, (_, i) => ({ input: i, id: `m${i}` })))
  await primary.kill('SIGKILL')
  const promoted = new Redis(replica.url, { replyMapping: 'legacy' })
  await promoted.call('REPLICAOF', 'NO', 'ONE')
  const kept = await Promise.all(sent.map(({ id }) => promoted.exists(`rd:{jobs:0}:m:${id}`)))
  promoted.disconnect()
  const lost = sent.filter(({ confirmed }, i) => confirmed === 1 && kept[i] === 0)
  expect(lost).toEqual([])
  expect(sent.some(({ confirmed }) => confirmed === 1)).toBe(true)
})

test.each([
  [{ replicas: 0 }, 'durability.replicas'],
  [{ replicas: 1, timeout: 0 }, 'durability.timeout'],
])('%j is refused', (durability, path) => {
  expect(() => new Redrive({ durability })).toThrow(path)
  expect(() => new Redrive({ store: createMemoryStore(), durability: { replicas: 1 } })).toThrow('no replicas')
})
