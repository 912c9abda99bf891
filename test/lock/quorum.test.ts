import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Redrive, silentLogger, type RedriveOptions } from '../../src/index.ts'
import { createQuorum } from '../../src/lock/quorum.ts'
import { until } from '../support/backends.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

// Four real servers: the one with the messages, and three that vote.

let store: TestRedis
let nodes: TestRedis[]
let clients: Redrive[]

function open(options: RedriveOptions = {}): Redrive {
  const locks = { nodes: nodes.map(({ url }) => url), timeout: '300ms' as const }
  const client = new Redrive({ redis: store.url, logger: silentLogger, locks, ...options })
  clients.push(client)
  return client
}

const locksOn = async (node: TestRedis): Promise<string[]> => node.client().keys('rd:{jobs:0}:q:*')
const waits = (): { readonly promise: Promise<void>; end(): void } => {
  let end = (): void => {}
  const promise = new Promise<void>((resolve) => (end = resolve))
  return { promise, end }
}

describe('a quorum of locks', () => {
  beforeEach(async () => {
    ;[store, ...nodes] = (await Promise.all([0, 1, 2, 3].map(() => startTestRedis()))) as [TestRedis, ...TestRedis[]]
    clients = []
  })
  afterEach(async () => {
    // A test that failed may have left one that hangs.
    for (const node of nodes) await node.server.kill('SIGCONT')
    await Promise.all(clients.map((client) => client.close({ timeout: 0 })))
    await Promise.all([store, ...nodes].map((server) => server.stop()))
  })

  test('is taken for each message before its handler runs, on every node, and given back after', async () => {
    const running = waits()
    const held = waits()
    const queue = open().queue('jobs')
    queue.work(async () => {
      running.end()
      await held.promise
    })
    await queue.send({}, { id: 'a' })
    await running.promise
    for (const node of nodes) expect(await locksOn(node)).toEqual(['rd:{jobs:0}:q:a'])
    held.end()
    await queue.result('a')
    for (const node of nodes) await until(async () => (await locksOn(node)).length === 0)
  })

  test('another that holds it keeps the message back, and the attempt does not count', async () => {
    const rivals = nodes.map((node) => node.client())
    await Promise.all(rivals.slice(0, 2).map((rival) => rival.set('rd:{jobs:0}:q:a', 'rival', 'PX', 60_000)))
    const attempts: number[] = []
    const queue = open().queue('jobs')
    queue.work((_, { attempt }) => void attempts.push(attempt))
    await queue.send({}, { id: 'a' })
    await queue.send({}, { id: 'b' })
    await queue.result('b')
    expect((await queue.get('a'))?.state).toBe('pending')
    await Promise.all(rivals.map((rival) => rival.del('rd:{jobs:0}:q:a')))
    await queue.result('a', { timeout: '60s' })
    expect(attempts).toEqual([1, 1])
  })

  test('is extended with the lease, and its loss aborts the handler', async () => {
    const lost = waits()
    const running = waits()
    const queue = open().queue('jobs', { lease: '900ms' })
    let attempt = 0
    queue.work(async (_, { signal }) => {
      if (++attempt > 1) return
      running.end()
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      lost.end()
    })
    await queue.send({}, { id: 'a' })
    await running.promise
    const rivals = nodes.map((node) => node.client())
    const first = await rivals[0]!.get('rd:{jobs:0}:q:a')
    const end = await rivals[0]!.pexpiretime('rd:{jobs:0}:q:a')
    await until(async () => (await rivals[0]!.pexpiretime('rd:{jobs:0}:q:a')) > end)
    expect(await rivals[0]!.get('rd:{jobs:0}:q:a')).toBe(first)
    await Promise.all(rivals.slice(0, 2).map((rival) => rival.set('rd:{jobs:0}:q:a', 'rival', 'PX', 700)))
    await lost.promise
    await queue.result('a', { timeout: '20s' })
  })

  test('goes on while a minority is down, pauses when the majority is, and goes on after', async () => {
    const queue = open().queue('jobs')
    const worker = queue.work(() => 'done')
    const paused = waits()
    const resumed = waits()
    worker.on('locksUnavailable', ({ reason }) => {
      expect(reason).toMatchObject({ code: 'E_LOCKS_UNAVAILABLE' })
      paused.end()
    })
    worker.on('locksAvailable', resumed.end)

    await nodes[0]!.server.kill('SIGKILL')
    await queue.send({}, { id: 'one-down' })
    expect(await queue.result('one-down', { timeout: '60s' })).toBe('done')

    await nodes[1]!.server.kill('SIGKILL')
    await queue.send({}, { id: 'two-down' })
    await paused.promise
    expect((await queue.get('two-down'))?.state).toBe('pending')

    await nodes[1]!.server.restart()
    await resumed.promise
    expect(await queue.result('two-down', { timeout: '60s' })).toBe('done')
  })

  test('a node that hangs is a vote that is not cast', async () => {
    const queue = open().queue('jobs')
    queue.work(() => 'done')
    await queue.send({}, { id: 'before' })
    await queue.result('before')
    await nodes[2]!.server.kill('SIGSTOP')
    await queue.send({}, { id: 'a' })
    expect(await queue.result('a', { timeout: '60s' })).toBe('done')
    await nodes[2]!.server.kill('SIGCONT')
  })

  test('nodes that hang are silent ones: a majority of them pauses the work, and leaves no lock when it wakes', async () => {
    const queue = open().queue('jobs')
    const worker = queue.work(() => 'done')
    const paused = waits()
    const resumed = waits()
    worker.on('locksUnavailable', ({ reason }) => {
      expect(reason).toMatchObject({ code: 'E_LOCKS_UNAVAILABLE' })
      paused.end()
    })
    worker.on('locksAvailable', resumed.end)
    await queue.send({}, { id: 'before' })
    await queue.result('before')

    for (const node of nodes.slice(0, 2)) await node.server.kill('SIGSTOP')
    await queue.send({}, { id: 'a' })
    await paused.promise
    expect((await queue.get('a'))?.state).toBe('pending')
    for (const node of nodes.slice(0, 2)) await node.server.kill('SIGCONT')
    await resumed.promise
    // The locks that they took when they woke are given back, and do not stand in its way until they end.
    for (const node of nodes) await until(async () => (await locksOn(node)).length === 0)
    expect(await queue.result('a', { timeout: '60s' })).toBe('done')
  })

  test('a lock that cannot be extended because nodes hang is not one that was lost', async () => {
    const connections = nodes.map((node) => node.client())
    const quorum = createQuorum({ nodes: connections, keyOf: (_, id) => `lock:${id}`, timeout: 300 })
    const lock = await quorum.acquire({ queue: 'jobs', index: 0 }, 'a', 600_000)
    for (const node of nodes.slice(0, 2)) await node.server.kill('SIGSTOP')
    await expect(lock?.extend(600_000)).rejects.toMatchObject({ code: 'E_LOCKS_UNAVAILABLE' })
    for (const node of nodes.slice(0, 2)) await node.server.kill('SIGCONT')
    expect(await lock?.extend(600_000)).toBe(true)
  })
})

test('an option of locks that does not exist is refused, and the nearest one named', () => {
  const nodes = [1, 2, 3].map((port) => `redis://127.0.0.1:${port}`)
  expect(() => new Redrive({ locks: { nodes, timout: '1s' } as object as { nodes: string[] } })).toThrow(
    'locks has no option "timout". Did you mean "timeout"?',
  )
})

test.each<[string, unknown]>([
  ['an even number of nodes', ['redis://127.0.0.1:1', 'redis://127.0.0.1:2']],
  ['one node', ['redis://127.0.0.1:1']],
  ['a node twice', ['redis://127.0.0.1:1', 'redis://127.0.0.1:1', 'redis://127.0.0.1:2']],
  ['no list', 'redis://127.0.0.1:1'],
])('%s is refused', (_, nodesGiven) => {
  expect(() => new Redrive({ locks: { nodes: nodesGiven as string[] } })).toThrow(/^E_INVALID_OPTION: locks\.nodes/)
})
