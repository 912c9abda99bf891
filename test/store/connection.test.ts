import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import {
  connect,
  describeAddress,
  openConnection,
  toRedriveError,
  type RedisAddress,
} from '../../src/store/connection.ts'
import { createRedisStore } from '../../src/store/redis-store.ts'
import type { ServerFacts } from '../../src/store/store.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { startFake, type FakeServer } from './resp-fake.ts'
import { SETTINGS } from './redis-harness.ts'

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function ready(redis: RedisAddress, commandTimeout = 10_000): Promise<ServerFacts> {
  const store = createRedisStore({ ...SETTINGS, commandTimeout, redis })
  ends.push(() => store.close())
  return store.ready()
}

describe('addresses', () => {
  const parse = (address: RedisAddress) => openConnection(address, { commandTimeout: 10_000 }).options

  test.each<[string, object]>([
    ['redis://example.com', { host: 'example.com', port: 6379, db: 0, username: null, password: null }],
    ['redis://example.com:7000/3', { host: 'example.com', port: 7000, db: 3 }],
    ['redis://ada:s%40crä%2Ft@example.com', { username: 'ada', password: 's@crä/t' }],
    ['redis://:only@example.com', { username: null, password: 'only' }],
    ['redis://:with@sign@example.com', { password: 'with@sign', host: 'example.com' }],
    ['redis://[::1]:7000', { host: '::1', port: 7000 }],
    ['redis://', { host: '127.0.0.1', port: 6379 }],
    ['rediss://example.com:6380/1', { host: 'example.com', port: 6380, db: 1, tls: {} }],
    ['unix:///run/redis/redis.sock', { path: '/run/redis/redis.sock', db: 0 }],
    ['unix:///tmp/a%20b.sock?db=4', { path: '/tmp/a b.sock', db: 4 }],
  ])('%s', (address, options) => {
    expect(parse(address)).toMatchObject(options)
  })

  test('of TLS is the only one that uses it', () => {
    expect(parse('redis://example.com').tls).toBeUndefined()
  })

  test('as options of ioredis are taken as they are', () => {
    expect(parse({ host: 'example.com', port: 7001, password: 'p', db: 2 })).toMatchObject({ port: 7001, db: 2 })
  })

  test.each([
    'localhost:6379',
    'http://example.com',
    '',
    'redis',
    'redis://host:99999999',
    'redis://:pa/ss@host:6379',
    'redis://example.com/emails',
    'unix:///tmp/x?db=one',
  ])('refuses %j', (address) => {
    expect(() => parse(address)).toThrow(expect.objectContaining({ code: 'E_INVALID_OPTION' }))
  })

  test.each([
    ['redis://ada:secret@example.com:7000/3', 'redis://example.com:7000/3'],
    ['redis://:secret@example.com', 'redis://example.com'],
    ['redis://:sec@ret@example.com', 'redis://example.com'],
    ['redis://:sec/ret@example.com', 'redis://example.com'],
    ['unix:///tmp/user@host/redis.sock', 'unix:///tmp/user@host/redis.sock'],
  ])('%s is shown without its password', (address, shown) => {
    expect(describeAddress(address)).toBe(shown)
  })

  test('as options are shown without their password', () => {
    expect(describeAddress({ host: 'h', port: 1, password: 'secret' })).toBe('redis://h:1')
    expect(describeAddress({ path: '/tmp/x', password: 'secret' })).toBe('unix:///tmp/x')
    expect(describeAddress({})).toBe('redis://127.0.0.1:6379')
  })

  test.each<[RedisAddress, string]>([
    [{ host: '::1', port: 7000, db: 3 }, 'redis://[::1]:7000/3'],
    [{ host: 'h', tls: {} }, 'rediss://h:6379'],
    [{ path: '/tmp/x', db: 2 }, 'unix:///tmp/x?db=2'],
    [new URL('redis://ada:secret@h:7000'), 'redis://h:7000'],
    [{ url: 'redis://ada:secret@h', db: 3 }, 'redis://h'],
    [
      { sentinels: [{ host: 'a', port: 1 }, { host: '::1' }], name: 'main', sentinelPassword: 'secret' },
      'sentinel://a:1,[::1]:26379/main',
    ],
    ['redis://h?password=secret&db=3', 'redis://h?db=3'],
    ['rediss://h?ca=ca.crt&key=k', 'rediss://h?ca=ca.crt&key=k'],
    ['redis://h?token=secret', 'redis://h'],
  ])('%p is shown as %s', (address, shown) => {
    expect(describeAddress(address)).toBe(shown)
  })

  test('that are refused do not show their password', () => {
    expect(() => parse('redis://:se/cret@host')).toThrow(expect.not.objectContaining({ message: /cret/ }))
    expect(() => parse('redis://:se/cret@host')).toThrow('redis://host')
  })
})

describe('a server that is not there', () => {
  test.each(['redis://ada:secret@127.0.0.1:1', 'unix:///nowhere/redis.sock', 'redis://:secret@no-such-host.invalid'])(
    '%s is named at once, without the password',
    async (address) => {
      const start = performance.now()
      const error: unknown = await ready(address).catch((failure: unknown) => failure)
      expect(error).toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
      expect((error as Error).message).toContain(describeAddress(address))
      expect((error as Error).message).not.toContain('secret')
      expect(performance.now() - start).toBeLessThan(20_000)
    },
  )

  test('one that accepts and says nothing is given up on in time', async () => {
    const silent = await fake(undefined)
    await expect(ready(`redis://127.0.0.1:${silent.port}`, 200)).rejects.toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
  })

  test('can be asked again once it is there', async () => {
    const server = await real()
    await server.server.kill('SIGKILL')
    const store = createRedisStore({ ...SETTINGS, redis: server.url })
    ends.unshift(() => store.close())
    await expect(store.ready()).rejects.toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
    await server.server.restart()
    await expect(store.ready()).resolves.toMatchObject({ description: expect.stringContaining(server.url) })
  })
})

async function real(): Promise<TestRedis> {
  const server = await startTestRedis()
  ends.push(() => server.stop())
  return server
}

async function fake(info: string | undefined): Promise<FakeServer> {
  const server = await startFake(info)
  ends.push(() => server.stop())
  return server
}

describe('versions', () => {
  const asked = async (...lines: string[]): Promise<ServerFacts> => {
    const { port } = await fake(lines.join('\r\n'))
    return ready(`redis://127.0.0.1:${port}`)
  }

  test.each([
    ['Redis 6.2', ['redis_version:6.2.14'], '6.2.14'],
    ['Redis 5', ['redis_version:5.0.7'], '5.0.7'],
    ['Valkey 7.0', ['redis_version:7.0.15', 'server_name:valkey', 'valkey_version:7.0.1'], 'valkey 7.0.1'],
    ['a server without a version', ['role:master'], 'redis 0'],
  ])('%s is refused', async (_, lines, named) => {
    await expect(asked('# Server', ...lines)).rejects.toMatchObject({
      code: 'E_REDIS_VERSION',
      message: expect.stringContaining(named),
    })
  })

  test.each([
    ['Redis 7.0', ['redis_version:7.0.0'], 'redis 7.0.0'],
    ['Redis 8', ['redis_version:8.2.1'], 'redis 8.2.1'],
    ['Redis 10.1', ['redis_version:10.1.0'], 'redis 10.1.0'],
    ['Valkey 7.2', ['redis_version:7.2.4', 'server_name:valkey', 'valkey_version:7.2.5'], 'valkey 7.2.5'],
    ['Valkey 8', ['redis_version:7.2.4', 'server_name:valkey', 'valkey_version:8.0.1'], 'valkey 8.0.1'],
  ])('%s is taken', async (_, lines, named) => {
    const { description, warnings } = await asked('# Server', ...lines, '# Memory', 'maxmemory_policy:noeviction')
    expect(description).toMatch(new RegExp(`^${named} at redis://127`))
    expect(warnings).toEqual([])
  })

  test('an eviction policy is warned of', async () => {
    const { warnings } = await asked('redis_version:7.0.0', 'maxmemory_policy:allkeys-lru')
    expect(warnings).toEqual([expect.stringMatching(/allkeys-lru.*CONFIG SET maxmemory-policy noeviction/)])
  })

  test('TLS is spoken with rediss, and nothing is said in clear', async () => {
    const server = await fake(undefined)
    await expect(ready(`rediss://:secret@127.0.0.1:${server.port}`, 300)).rejects.toMatchObject({
      code: 'E_REDIS_UNAVAILABLE',
    })
    // 0x16: a TLS handshake.
    expect(server.received.join('').charCodeAt(0)).toBe(0x16)
    expect(server.received.join('')).not.toContain('secret')
  })
})

describe('a real server', () => {
  let server: TestRedis
  beforeAll(async () => {
    server = await startTestRedis()
    const admin = server.client()
    await admin.call('ACL', 'SETUSER', 'ada', 'on', '>lovelace', '~*', '&*', '+@all')
    await admin.call('ACL', 'SETUSER', 'default', 'resetpass', '>secret')
  })
  afterAll(() => server.stop())

  const as = (user: string): string => server.url.replace('unix://', `unix://${user}@localhost`)

  test('says what it is', async () => {
    const { description, warnings } = await ready({ path: server.socket, password: 'secret' })
    expect(description).toMatch(new RegExp(`^(redis|valkey) ${server.server.version} at unix://${server.socket}$`))
    expect(warnings).toEqual([])
  })

  test.each([
    ['no password', {}],
    ['a wrong password', { password: 'wrong' }],
    ['a wrong user', { username: 'eve', password: 'lovelace' }],
    ['a wrong password of a user', { username: 'ada', password: 'wrong' }],
  ])('refuses %s', async (_, credentials) => {
    const refused = ready({ path: server.socket, ...credentials })
    await expect(refused).rejects.toMatchObject({ code: 'E_REDIS_AUTH' })
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringMatching(/wrong|lovelace/) })
  })

  test('takes a user and a password from the URL', async () => {
    await expect(ready(as('ada:lovelace'))).resolves.toMatchObject({
      description: expect.stringContaining(` ${server.server.version} at `),
    })
    await expect(ready(as(':secret'))).resolves.toBeDefined()
    await expect(ready(as('ada:secret'))).rejects.toMatchObject({ code: 'E_REDIS_AUTH' })
  })

  test('keeps databases apart', async () => {
    const [one, two] = [1, 2].map((db) => createRedisStore({ ...SETTINGS, redis: `${as(':secret')}?db=${db}` })) as [
      ReturnType<typeof createRedisStore>,
      ReturnType<typeof createRedisStore>,
    ]
    ends.push(
      () => one.close(),
      () => two.close(),
    )
    await one.ready()
    await one.defineQueue('q', { partitions: 1 })
    expect([...(await one.queues()).keys()]).toEqual(['q'])
    expect([...(await two.queues()).keys()]).toEqual([])
  })

  test('can be asked directly, on a connection that is in use', async () => {
    const redis = openConnection({ path: server.socket, password: 'secret' }, { commandTimeout: 5000 })
    ends.push(() => redis.disconnect())
    await redis.ping()
    await expect(connect(redis, { path: server.socket }, { commandTimeout: 5000 })).resolves.toBeDefined()
    expect(await redis.ping()).toBe('PONG')
  })
})

test.each(['NOREPLICAS Not enough good replicas to write.', 'NOSCRIPT No matching script. Please use EVAL.'])(
  'what a failover answers has a code: %s',
  (message) => {
    expect(toRedriveError(Object.assign(new Error(message), { name: 'ReplyError' }), 'redis://here')).toMatchObject({
      code: 'E_REDIS_UNAVAILABLE',
    })
  },
)
