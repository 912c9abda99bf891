import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { createMemoryStore, Redrive, silentLogger, type RedriveOptions } from '../../src/index.ts'
import { until } from '../support/backends.ts'
import { CRASH_SAFE, startTestRedis, type TestRedis } from '../support/redis.ts'

let redis: TestRedis
let clients: Redrive[]

beforeEach(async () => {
  redis = await startTestRedis({ ...CRASH_SAFE, 'enable-debug-command': 'yes' })
  clients = []
})
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close({ timeout: 0 })))
  await redis.stop()
})

function open(options: RedriveOptions = {}): Redrive {
  const client = new Redrive({ redis: redis.url, logger: silentLogger, commandTimeout: '1s', ...options })
  clients.push(client)
  return client
}

describe('health', () => {
  test('tells that a write arrived, and of the workers', async () => {
    const client = open()
    const worker = client.queue('jobs').work(() => {})
    await worker.ready()
    const health = await client.health()
    expect(health).toMatchObject({ redis: 'up', workers: [{ name: worker.name, active: 0, processed: 0 }] })
    expect(health.latencyMs).toBeGreaterThan(0)
  })

  test('never rejects: it tells why Redis cannot be used, and that it can again', async () => {
    const client = open()
    await client.ready()
    await redis.server.kill('SIGKILL')
    expect(await client.health()).toMatchObject({ redis: 'away', error: { code: 'E_REDIS_UNAVAILABLE' } })
    await expect(client.ready()).rejects.toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
    await redis.server.restart()
    await until(async () => (await client.health()).redis === 'up')
    await client.ready()
  })

  test('a server that answers and takes no writes is away', async () => {
    const client = open()
    await client.ready()
    const admin = redis.client()
    await admin.call('REPLICAOF', '127.0.0.1', '1')
    const error: unknown = expect.objectContaining({
      code: 'E_REDIS_UNAVAILABLE',
      message: expect.stringMatching(/READONLY/),
    })
    expect(await client.health()).toMatchObject({ redis: 'away', error })
    await expect(client.queue('jobs').send({})).rejects.toEqual(error)
    await expect(open().ready()).rejects.toEqual(error)
    await expect(
      open({ durability: { replicas: 1 } })
        .queue('jobs')
        .send({}),
    ).rejects.toEqual(error)
    await admin.call('REPLICAOF', 'NO', 'ONE')
    await until(async () => (await client.health()).redis === 'up')
  })

  test('a full memory is no reason to be away: what is stored goes on', async () => {
    const client = open()
    await client.queue('jobs').send({}, { id: 'a' })
    await redis.client().config('SET', 'maxmemory', '1mb')
    expect(await client.health()).toMatchObject({ redis: 'up' })
    await expect(client.queue('jobs').send({}, { id: 'b' })).rejects.toMatchObject({ code: 'E_REDIS_FULL' })
    const worker = open()
      .queue('jobs')
      .work(() => 'done')
    await worker.ready()
    expect(await client.queue('jobs').result('a', { timeout: '60s' })).toBe('done')
  })

  test('tells what lies in the outbox', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'redrive-health-'))
    const client = open({ outbox: { directory, patience: '50ms' } })
    await redis.server.kill('SIGKILL')
    await client.queue('jobs').send({}, { id: 'a' })
    expect((await client.health()).outbox).toMatchObject({ batches: 1 })
    await client.close()
    await rm(directory, { recursive: true })
  })

  test('of a store in memory is always good', async () => {
    const inMemory = new Redrive({ store: createMemoryStore() })
    clients.push(inMemory)
    expect(await inMemory.health()).toEqual({ redis: 'up', latencyMs: 0, workers: [] })
  })
})

describe('a server in trouble', () => {
  test('that is not there yet is waited for by a worker that starts', async () => {
    await redis.server.kill('SIGKILL')
    const client = open()
    const queue = client.queue('jobs')
    const worker = queue.work(() => 'done')
    const errors: unknown[] = []
    worker.on('error', (error) => errors.push(error))
    await expect(worker.ready()).rejects.toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
    await redis.server.restart()
    await until(() =>
      worker.ready().then(
        () => true,
        () => false,
      ),
    )
    await queue.send({}, { id: 'a' })
    expect(await queue.result('a', { timeout: '60s' })).toBe('done')
    expect(errors.length).toBeGreaterThan(0)
  })

  test('that falls silent before a worker could listen to it does not keep the worker from stopping', async () => {
    const client = open()
    const queue = client.queue('jobs')
    await queue.send({}, { id: 'a' })
    await redis.server.kill('SIGSTOP')
    try {
      const worker = queue.work(() => 'done')
      await setImmediate() // the worker asks for its subscription
      await worker.stop()
      await client.close()
    } finally {
      await redis.server.kill('SIGCONT')
    }
    expect(await open().queue('jobs').get('a')).toMatchObject({ state: 'pending' })
  })

  test('that runs a script for too long is waited for', async () => {
    await redis.client().config('SET', 'busy-reply-threshold', '50')
    const client = open()
    const queue = client.queue('jobs')
    const worker = queue.work(() => 'done')
    await worker.ready()
    const hog = redis
      .client()
      .eval("local t = redis.call('TIME')[1] + 2 while tonumber(redis.call('TIME')[1]) < t do end", 0)
    await until(async () => (await client.health()).redis === 'away')
    await hog
    await queue.send({}, { id: 'a' })
    expect(await queue.result('a', { timeout: '60s' })).toBe('done')
  })

  test('that lets no more clients in is away, and let in again they go on', async () => {
    const admin = redis.client()
    await admin.ping()
    await admin.config('SET', 'maxclients', '1')
    await expect(open().ready()).rejects.toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
    const client = open()
    const worker = client.queue('jobs').work(() => 'done')
    await admin.config('SET', 'maxclients', '100')
    await worker.ready().catch(() => {})
    await client.queue('jobs').send({}, { id: 'a' })
    const other = open().queue('jobs')
    other.work(() => 'done')
    expect(await other.result('a', { timeout: '60s' })).toBe('done')
  })

  test('that loads its data is waited for', async () => {
    // It answers others after each 1,024 commands that it loads, and then only with LOADING.
    const slow = await startTestRedis({ ...CRASH_SAFE, 'key-load-delay': '100' })
    try {
      const queue = open({ redis: slow.url, commandTimeout: '60s' }).queue('jobs')
      await queue.sendBulk(Array.from({ length: 3000 }, (_, i) => ({ input: i, id: `m${i}` })))
      await slow.server.kill('SIGKILL')
      const restarted = slow.server.restart()
      const witness = slow.client({ enableReadyCheck: false, maxRetriesPerRequest: null, retryStrategy: () => 20 })
      await until(() =>
        witness.ping().then(
          () => false,
          (error: unknown) => String(error).includes('LOADING'),
        ),
      )
      expect((await queue.stats()).states['pending']).toBe(3000)
      await restarted
    } finally {
      await slow.stop()
    }
  })
})
