/** What was begun before `close()` is done; what comes later is refused; and a Redis that is away holds nobody up for long. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { Redrive, silentLogger } from '../../src/index.ts'
import { gate, inMemory, onRedis, type TestBackend } from '../support/backends.ts'
import { startTestRedis } from '../support/redis.ts'

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('on %s', (_, start) => {
  let backend: TestBackend
  beforeAll(async () => {
    backend = await start()
  })
  afterAll(() => backend.stop())

  test('sends of the same tick are stored, also by a client that was not connected yet', async () => {
    const redrive = backend.open()
    const queue = redrive.queue('same-tick')
    const sent = [queue.send(1, { id: 'a' }), queue.send(2, { id: 'b' })]
    const bulk = queue.sendBulk([
      { input: 3, id: 'c' },
      { input: 4, id: 'd' },
    ])
    await redrive.close()
    expect(await Promise.all(sent)).toEqual([
      { id: 'a', status: 'created' },
      { id: 'b', status: 'created' },
    ])
    expect(await bulk).toHaveLength(2)
    expect((await backend.open().queue('same-tick').stats()).states).toEqual({ pending: 4 })
  })

  test('so are signals, whatever else changes messages, and the note of who did it', async () => {
    const redrive = backend.open()
    const queue = redrive.queue('changes')
    await queue.sendBulk(['a', 'b', 'c'].map((id) => ({ id, input: id, delay: '1h' })))
    const changes = [
      queue.signal('a', { type: 'RETRY' }),
      queue.cancel('b', { actor: 'ada' }),
      queue.remove('c', { actor: 'ada' }),
      queue.pause({ actor: 'ada' }),
    ]
    await redrive.close()
    expect(await Promise.allSettled(changes)).toEqual(
      changes.map(() => expect.objectContaining({ status: 'fulfilled' })),
    )
    const other = backend.open()
    const later = other.queue('changes')
    expect((await later.get('a'))?.inbox).toHaveLength(1)
    expect((await later.get('b'))?.inbox).toHaveLength(1)
    expect(await later.get('c')).toBeUndefined()
    expect(await later.isPaused()).toBe(true)
    expect((await other.audit()).filter(({ queue: name }) => name === 'changes')).toHaveLength(3)
  })

  test('a signal that is waited for is delivered, and its wait ends with the client', async () => {
    const redrive = backend.open()
    const queue = redrive.queue('waited')
    await queue.send(1, { id: 'a', delay: '1h' })
    const waiting = queue.signal('a', { type: 'CANCEL' }, { wait: '1h' })
    await redrive.close()
    await expect(waiting).rejects.toMatchObject({ code: 'E_CLOSED', message: expect.stringContaining('delivered') })
    expect((await backend.open().queue('waited').get('a'))?.inbox).toHaveLength(1)
  })

  test('what comes later is refused, and says so once', async () => {
    const redrive = backend.open()
    const queue = redrive.queue('later')
    const closing = redrive.close()
    for (const refused of [queue.send(1), queue.sendBulk([]), queue.signal('a', { type: 'RETRY' }), queue.pause()])
      await expect(refused).rejects.toMatchObject({ code: 'E_CLOSED', message: expect.not.stringMatching(/E_.*E_/) })
    expect(() => redrive.queue('other')).toThrow('E_CLOSED')
    await closing
    await expect(queue.send(1)).rejects.toMatchObject({ code: 'E_CLOSED' })
  })

  test('a handler that still runs may send', async () => {
    const redrive = backend.open()
    const [begun, release] = [gate(), gate()]
    const queue = redrive.queue('draining')
    queue.work(async () => {
      begun.open()
      await release.opened
      return (await redrive.queue('draining').send(2, { id: 'next' })).status
    })
    await queue.send(1, { id: 'first' })
    await begun.opened
    const closing = redrive.close()
    release.open()
    await closing
    expect((await backend.open().queue('draining').get('first'))?.output).toBe('created')
  })

  test('`await using` closes', async () => {
    const redrive = backend.open()
    const sent = redrive.queue('using').send(1, { id: 'a' })
    await redrive[Symbol.asyncDispose]()
    expect(await sent).toMatchObject({ status: 'created' })
  })
})

describe('while Redis is away', () => {
  const ends: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end()
  })

  test('a send that cannot be stored tells that, and the client closes', async () => {
    const redrive = new Redrive({ redis: 'redis://127.0.0.1:1', commandTimeout: '1s', logger: silentLogger })
    const sent = redrive.queue('q').send(1)
    const told = sent.catch((error: unknown) => error)
    await redrive.close()
    expect(await told).toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
  })

  test('a server that has stopped answering does not hold up the client', async () => {
    const redis = await startTestRedis()
    ends.push(() => redis.stop())
    const redrive = new Redrive({ redis: redis.url, commandTimeout: '1s', logger: silentLogger })
    const queue = redrive.queue('q')
    await queue.send(0)
    process.kill(redis.server.pid, 'SIGSTOP')
    ends.push(() => process.kill(redis.server.pid, 'SIGCONT'))
    const sent = Promise.allSettled([queue.send(1), queue.signal('a', { type: 'RETRY' })])
    await redrive.close()
    for (const each of await sent)
      expect(each).toMatchObject({ reason: { code: expect.stringMatching(/^E_(CLOSED|REDIS_UNAVAILABLE)$/) } })
  })

  test('nor does one that accepts connections and says nothing', async () => {
    const silent: Server = createServer(() => {}).listen(0, '127.0.0.1')
    ends.push(() => silent.close())
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    const redrive = new Redrive({ redis: `redis://127.0.0.1:${port}`, commandTimeout: 300, logger: silentLogger })
    const sent = Promise.allSettled([redrive.queue('q').send(1)])
    await redrive.close()
    expect((await sent)[0]).toMatchObject({ reason: { code: expect.stringMatching(/^E_(CLOSED|REDIS_UNAVAILABLE)$/) } })
  })

  test('with an outbox it is on the disk', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'redrive-closing-'))
    ends.push(() => rm(directory, { recursive: true }))
    const redis = await startTestRedis()
    ends.push(() => redis.stop())
    await redis.server.kill('SIGKILL')
    const options = { redis: redis.url, logger: silentLogger, outbox: { directory, patience: 200 } }
    const redrive = new Redrive(options)
    const sent = redrive.queue('q').send(1, { id: 'a' })
    await redrive.close()
    expect(await sent).toEqual({ id: 'a', status: 'spooled' })
    await redis.server.restart()
    const later = new Redrive(options)
    ends.push(() => later.close())
    await later.drained()
    expect((await later.queue('q').get('a'))?.state).toBe('pending')
  })
})
