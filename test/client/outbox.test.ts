import { fork } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Redrive, silentLogger, type OutboxOptions } from '../../src/index.ts'
import { openDisk } from '../../src/client/outbox/disk.ts'
import { until } from '../support/backends.ts'
import { CRASH_SAFE, startTestRedis, type TestRedis } from '../support/redis.ts'

let redis: TestRedis
let directory: string
let clients: Redrive[]

beforeEach(async () => {
  redis = await startTestRedis(CRASH_SAFE)
  directory = await mkdtemp(join(tmpdir(), 'redrive-outbox-'))
  clients = []
})
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close({ timeout: 0 })))
  await redis.stop()
  await rm(directory, { recursive: true, force: true })
})

function open(outbox: Partial<OutboxOptions> | null = {}, logger = silentLogger): Redrive {
  const client = new Redrive({
    redis: redis.url,
    logger,
    commandTimeout: '2s',
    ...(outbox === null ? {} : { outbox: { directory, patience: '1s', ...outbox } }),
  })
  clients.push(client)
  return client
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ input: from + i, id: `m${String(from + i).padStart(5, '0')}` }))

/** The ids of all messages in the order in which Redis got them: the feed tells of each creation. */
async function created(): Promise<string[]> {
  const entries = await redis.client().xrange('rd:{jobs:0}:events', '-', '+')
  const transitions = entries.flatMap(([, fields]) => JSON.parse(fields[1]!) as [string, ...unknown[]][])
  return transitions.map(([id]) => id)
}

describe('while Redis is there', () => {
  test('the outbox is out of the way', async () => {
    const spooled: unknown[] = []
    const client = open({ onSpooled: (batch) => spooled.push(batch) })
    expect(await client.queue('jobs').send({}, { id: 'a' })).toEqual({ id: 'a', status: 'created' })
    await client.drained()
    expect(spooled).toEqual([])
  })
})

describe('while Redis is away', () => {
  test('what is sent is kept, and delivered in order when it is back', async () => {
    const spooled: string[] = []
    const drained: number[] = []
    const client = open({
      onSpooled: ({ ids }) => spooled.push(...ids),
      onDrained: ({ messages }) => drained.push(messages),
    })
    const queue = client.queue('jobs')
    await queue.sendBulk(numbers(0, 10))
    await redis.server.kill('SIGKILL')
    const first = await queue.sendBulk(numbers(10, 300))
    const second = await Promise.all(numbers(300, 320).map(({ input, id }) => queue.send(input, { id })))
    expect(new Set([...first, ...second].map(({ status }) => status))).toEqual(new Set(['spooled']))
    expect(spooled).toHaveLength(310)

    await redis.server.restart()
    await client.drained()
    expect(await created()).toEqual(numbers(0, 320).map(({ id }) => id))
    expect(drained.reduce((sum, each) => sum + each, 0)).toBe(310)
    expect(await queue.send({}, { id: 'after' })).toEqual({ id: 'after', status: 'created' })
  })

  test('a client that never reached it keeps what is sent', async () => {
    await redis.server.kill('SIGKILL')
    const client = open()
    expect(await client.queue('jobs').send({}, { id: 'a' })).toEqual({ id: 'a', status: 'spooled' })
    await redis.server.restart()
    await client.drained()
    expect(await client.queue('jobs').get('a')).toMatchObject({ state: 'pending' })
  })

  test('a server that hangs is one that is away, and what it did take is not stored twice', async () => {
    const client = open()
    const queue = client.queue('jobs')
    await queue.send({}, { id: 'before' })
    await redis.server.kill('SIGSTOP')
    const sent = await queue.sendBulk(numbers(0, 5))
    await redis.server.kill('SIGCONT')
    await client.drained()
    expect(sent.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'spooled'))
    expect(await created()).toEqual(['before', ...numbers(0, 5).map(({ id }) => id)])
  })

  test('a full outbox says so, and how full it is', async () => {
    const client = open({ maxBytes: 10_000 })
    const queue = client.queue('jobs')
    await queue.send({}, { id: 'before' })
    await redis.server.kill('SIGKILL')
    await queue.send('x'.repeat(3000), { id: 'fits' })
    await expect(queue.send('x'.repeat(9000), { id: 'does-not' })).rejects.toThrow(
      /^E_OUTBOX_FULL: .* is full: \d+ of 10000 bytes in \d+ batches\. The message was not stored/,
    )
    await redis.server.restart()
    await client.drained()
    expect((await queue.stats()).states['pending']).toBe(2)
  })

  test('bytes are counted, and not characters', async () => {
    const client = open({ maxBytes: 10_000 })
    await redis.server.kill('SIGKILL')
    await expect(client.queue('jobs').send('漢'.repeat(5000))).rejects.toMatchObject({ code: 'E_OUTBOX_FULL' })
    await redis.server.restart()
  })

  test('a listener that rejects is told of, and harms nobody', async () => {
    const told: string[] = []
    const rejects = (text: string) => (): unknown => Promise.reject(new Error(text))
    const client = open(
      {
        onSpooled: rejects('spooled in vain'),
        onDrained: rejects('drained in vain'),
      },
      { ...silentLogger, error: (text) => told.push(text) },
    )
    await redis.server.kill('SIGKILL')
    await client.queue('jobs').send({}, { id: 'a' })
    await redis.server.restart()
    await client.drained()
    await until(() => told.length === 2)
    expect(told).toEqual([expect.stringContaining('spooled in vain'), expect.stringContaining('drained in vain')])
  })

  test('what is refused by itself stays on the disk, holds up nothing else, and is delivered when that is mended', async () => {
    const told: string[] = []
    const client = open({}, { ...silentLogger, warn: (text) => told.push(text) })
    const queue = client.queue('jobs')
    await queue.send({}, { id: 'before' })
    await client.queue('split', { partitions: 1 }).send({}, { id: 'before' })
    await redis.client().set('rd:{jobs:0}:m:bad', 'of another program')
    await redis.client().hset('rd:queues', 'split', JSON.stringify({ partitions: 2 }))
    await redis.server.kill('SIGKILL')
    await client.queue('split').send({}, { id: 'unfit' })
    await queue.sendBulk(['a', 'bad', 'b'].map((id) => ({ input: id, id })))
    // More than are read from the disk at a time.
    for (let i = 0; i < 60; i++) await client.queue('split').send({}, { id: `unfit-${i}` })
    await queue.send({}, { id: 'c' })
    await redis.server.restart()
    await until(async () => (await queue.get('c'))?.state === 'pending')
    expect((await queue.list({ state: 'pending' })).map(({ id }) => id).toSorted()).toEqual(['a', 'b', 'before', 'c'])
    await until(() => told.some((text) => /E_FOREIGN_KEY|has 2 partitions/.test(text)))
    expect((await client.health()).outbox).toMatchObject({ batches: 62 })

    await redis.client().del('rd:{jobs:0}:m:bad')
    await redis.client().hset('rd:queues', 'split', JSON.stringify({ partitions: 1 }))
    await client.drained()
    expect((await queue.get('bad'))?.input).toBe('bad')
    expect(await queue.history('a')).toHaveLength(1)
    expect((await client.queue('split').stats()).states['pending']).toBe(62)
  })

  test('without an outbox a send fails in time, and does not hang', async () => {
    const queue = open(null).queue('jobs')
    await queue.send({}, { id: 'before' })
    await redis.server.kill('SIGKILL')
    await expect(queue.send({}, { id: 'a' })).rejects.toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
  })
})

describe('a producer that is killed', () => {
  test('loses nothing of what was acknowledged: its successor delivers it, in order', async () => {
    const script = fileURLToPath(new URL('./producing.mjs', import.meta.url))
    const child = fork(script, [redis.url, directory, '100000'])
    const acknowledged: { i: number; status: string }[] = []
    child.on('message', (message: { i: number; status: string }) => acknowledged.push(message))
    try {
      await until(() => acknowledged.length > 20)
      await redis.server.kill('SIGKILL')
      await until(() => acknowledged.filter(({ status }) => status === 'spooled').length > 200)
    } finally {
      child.kill('SIGKILL')
    }
    await redis.server.restart()
    await until(() => child.exitCode !== null || child.signalCode !== null)
    const successor = open()
    await successor.drained()
    const stored = await created()
    const ids = acknowledged.map(({ i }) => `m${String(i).padStart(5, '0')}`)
    expect(ids.filter((id) => !stored.includes(id))).toEqual([])
    expect(stored).toEqual(stored.toSorted())
    expect(new Set(stored).size).toBe(stored.length)
  })
})

describe('a directory', () => {
  test('is of one client alone', async () => {
    await open().ready()
    await expect(open().ready()).rejects.toMatchObject({ code: 'E_OUTBOX_LOCKED' })
    await expect(open().queue('jobs').send({})).rejects.toMatchObject({ code: 'E_OUTBOX_LOCKED' })
  })

  test('that cannot be read is told of, and what lies there stays', async () => {
    const disk = await openDisk(directory)
    await disk.write('0000000000000000', '{"queue":')
    await disk.close()
    const told: string[] = []
    const client = open({}, { ...silentLogger, warn: (text) => told.push(text) })
    expect(await client.queue('jobs').send({}, { id: 'a' })).toMatchObject({ status: 'spooled' })
    await until(() => told.some((text) => /E_OUTBOX_FAILED.*JSON/.test(text)))
    expect((await client.health()).outbox).toMatchObject({ batches: 2 })
    await client.close()
  })

  test('that is the database of another program is refused', async () => {
    const disk = await openDisk(directory)
    await disk.write('user:1', '{}')
    await disk.close()
    await expect(open().ready()).rejects.toThrow(/^E_OUTBOX_FAILED: .* it holds "user:1", which no outbox has written/)
  })

  test('that cannot be made is refused', async () => {
    const file = join(directory, 'file')
    await writeFile(file, '')
    await expect(open({ directory: join(file, 'outbox') }).ready()).rejects.toMatchObject({ code: 'E_OUTBOX_FAILED' })
  })

  test.each<[object]>([[{ directory: '' }], [{ maxbytes: 5000 }], [{ maxBytes: 1 }], [{ patience: 0 }]])(
    '%j is refused at once',
    (outbox) => {
      expect(() => open(outbox)).toThrow(/: outbox[. ]/)
    },
  )
})
