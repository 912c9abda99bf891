/** Addresses in the forms in which people have them, on a real server: what is given is what is connected to. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { Cluster, Redis } from 'ioredis'
import * as ioredis5 from 'ioredis-5'
import { createMemoryStore, Redrive, silentLogger, type RedisAddress, type RedriveOptions } from '../../src/index.ts'
import { addressOptions, describeAddress } from '../../src/store/redis-address.ts'
import { startEmbeddedRedis, type EmbeddedRedis } from '../../src/embedded/embedded-redis.ts'

let server: EmbeddedRedis
let port: number
let admin: Redis
const ends: (() => unknown)[] = []
beforeAll(async () => {
  server = await startEmbeddedRedis({ port: 0 })
  port = Number(new URL(server.url).port)
  admin = new Redis({ port, replyMapping: 'legacy' })
  await admin.call('ACL', 'SETUSER', 'ada', 'on', '>p%@/ss', '~*', '&*', '+@all')
})
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
  await admin.flushall()
})
afterAll(async () => {
  admin.disconnect()
  await server.stop()
})

function open(options: RedriveOptions): Redrive {
  const client = new Redrive({ logger: silentLogger, commandTimeout: '2s', ...options })
  ends.push(() => client.close({ timeout: 0 }))
  return client
}

/** The databases that hold something after a message has gone its whole way. */
async function usedBy(redis: RedisAddress): Promise<string[]> {
  const queue = open({ redis }).queue('q')
  queue.work(() => 'done')
  const { id } = await queue.send({})
  expect(await queue.result(id, { timeout: '30s' })).toBe('done')
  return [...(await admin.info('keyspace')).matchAll(/^db(\d+):/gm)].map(([, db]) => db!)
}

test.each<[what: string, address: () => RedisAddress, db: string]>([
  ['a URL', () => server.url, '0'],
  ['a URL as an object', () => new URL(`${server.url}/2`), '2'],
  ['a URL and a database beside it', () => ({ url: server.url, db: 3 }), '3'],
  ['a database in the query', () => `${server.url}?db=3`, '3'],
  ['a password with signs, encoded', () => `redis://ada:p%25%40%2Fss@127.0.0.1:${port}/4`, '4'],
  ['options, numbers as text', () => ({ host: '127.0.0.1', port: String(port) as never, db: '5' as never }), '5'],
  [
    'options that others need',
    () => ({
      port,
      maxRetriesPerRequest: 1,
      enableOfflineQueue: false,
      autoResubscribe: false,
      stringNumbers: true,
      replyMapping: 'resp3',
      protocol: 3,
      enableAutoPipelining: true,
      retryStrategy: () => null,
    }),
    '0',
  ],
])('%s', async (_, address, db) => {
  expect(await usedBy(address())).toEqual([db])
})

const clients: [what: string, make: () => Redis][] = [
  ['ioredis 6', () => new Redis({ port, db: 6, lazyConnect: true })],
  ['ioredis 5', () => new ioredis5.Redis({ port, db: 6, lazyConnect: true }) as never],
  ['ioredis 5, from a URL', () => new ioredis5.Redis(`${server.url}/6`, { lazyConnect: true }) as never],
  ['one that logs in', () => new Redis({ port, db: 6, lazyConnect: true, username: 'ada', password: 'p%@/ss' })],
  ['one as BullMQ wants it', () => new Redis({ port, db: 6, lazyConnect: true, maxRetriesPerRequest: null })],
  ['one that reads numbers as text', () => new Redis({ port, db: 6, lazyConnect: true, stringNumbers: true })],
]
test.each<[what: string, address: () => RedisAddress]>([
  ['in a URL', () => `redis://127.0.0.1:${port}/99`],
  ['in its query', () => `redis://127.0.0.1:${port}?db=99`],
  ['in options', () => ({ host: '127.0.0.1', port, db: 99 })],
])('a database that the server has not, %s, is told, and nothing lies in another', async (_, address) => {
  const client = open({ redis: address() })
  const refusal = { code: 'E_INVALID_OPTION', message: expect.stringMatching(/has no database 99: .*such as 0/) }
  await expect(client.queue('q').send({})).rejects.toMatchObject(refusal)
  await expect(client.ready()).rejects.toMatchObject(refusal)
  expect(await admin.dbsize()).toBe(0)
})

test.each(clients)('a client, %s, is followed, and neither used nor closed', async (_, make) => {
  const mine = make()
  ends.push(() => mine.disconnect())
  expect(await usedBy(mine)).toEqual(['6'])
  expect(mine.status).toBe('wait')
  expect(await mine.ping()).toBe('PONG')
  const other = open({ redis: mine })
  await other.ready()
  await other.close()
  expect(await mine.ping()).toBe('PONG')
})

test('a client that went to another database meanwhile is followed there', async () => {
  const mine = new Redis({ port })
  ends.push(() => mine.disconnect())
  await mine.select(7)
  expect(await usedBy(mine)).toEqual(['7'])
})

test('a client over a socket, with Sentinels or with TLS gives what it knows of them', () => {
  for (const make of [Redis, ioredis5.Redis as unknown as typeof Redis]) {
    const sentinels = [{ host: 'a', port: 1 }]
    const natMap = { 'b:2': { host: 'c', port: 3 } }
    const cases: [object, string][] = [
      [{ path: '/nowhere/redis.sock' }, 'unix:///nowhere/redis.sock'],
      [{ sentinels, name: 'main', natMap }, 'sentinel://a:1/main'],
      [{ host: 'h', port: 1, tls: {} }, 'rediss://h:1'],
    ]
    for (const [options, shown] of cases) {
      const mine = new make({ ...options, lazyConnect: true })
      expect(describeAddress(mine)).toBe(shown)
      expect(addressOptions(mine)).toMatchObject(options)
    }
  }
})

test.each<[what: string, options: () => RedriveOptions, message: RegExp]>([
  [
    'a Cluster',
    () => ({ redis: clusterOf(Cluster) }),
    /redis must be .* got a Cluster of ioredis\. Redis Cluster is not supported yet/,
  ],
  ['a Cluster of ioredis 5', () => ({ redis: clusterOf(ioredis5.Cluster) }), /got a Cluster of ioredis/],
  [
    'a client with a prefix',
    () => ({ redis: new Redis({ port, keyPrefix: 'shop:', lazyConnect: true }) }),
    /redis\.keyPrefix .* Use the option prefix/,
  ],
  ['a prefix of ioredis', () => ({ redis: { port, keyPrefix: 'shop:' } }), /redis\.keyPrefix .* Use the option prefix/],
  [
    'a client that reads a replica',
    () => ({ redis: new Redis({ port, role: 'slave', lazyConnect: true }) }),
    /redis\.role must be "master"/,
  ],
  ['the option of BullMQ', () => ({ connection: { port } }) as never, /no option "connection": \{ redis: … \} takes/],
  ['parts of an address', () => ({ host: 'h', port }) as never, /no option "host": write \{ redis: \{ host: … \} \}/],
  ['a misspelt option', () => ({ rediss: 'redis://h' }) as never, /no option "rediss"\. Did you mean "redis"\?/],
  ['a server and a store', () => ({ redis: 'redis://h', store: createMemoryStore() }), /redis and store are given/],
  ['a server and another', () => ({ redis: 'redis://h', embedded: true }), /redis and embedded are given/],
  [
    'a misspelt directory',
    () => ({ embedded: { direcotry: 'x' } }) as never,
    /embedded has no option "direcotry"\. Did you mean "directory"\?/,
  ],
  [
    'a lock node that is none',
    () => ({ locks: { nodes: ['redis://a', 'b:1', 'redis://c'] } }),
    /locks\.nodes\[1\] must be .* Did you mean redis:\/\/b:1\?/,
  ],
  [
    'a lock node with a secret in its query',
    () => ({ locks: { nodes: ['redis://a', 'redis://b?password=s3cret', 'redis://c'] } }),
    /^(?!.*s3cret).*locks\.nodes\[1\] has "password" in its query/,
  ],
  [
    'a lock node in two forms',
    () => ({ locks: { nodes: ['redis://ada:p@a', { host: 'a' }, 'redis://c'] } }),
    /names redis:\/\/a:6379 twice/,
  ],
])('%s is refused', (_, options, message) => {
  expect(() => new Redrive(options())).toThrow(
    expect.objectContaining({ code: 'E_INVALID_OPTION', message: expect.stringMatching(message) }),
  )
})

function clusterOf(make: typeof Cluster | typeof ioredis5.Cluster): RedisAddress {
  const cluster = new make([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true })
  ends.push(() => cluster.disconnect())
  return cluster
}

test('REDIS_URL is told by its name, and is not set when it is set to nothing', async () => {
  const before = process.env['REDIS_URL']
  ends.push(() => {
    if (before === undefined) delete process.env['REDIS_URL']
    else process.env['REDIS_URL'] = before
  })
  process.env['REDIS_URL'] = 'redis.internal:6379'
  expect(() => new Redrive()).toThrow(/REDIS_URL must be .* Did you mean redis:\/\/redis\.internal:6379\?/)
  process.env['REDIS_URL'] = ''
  expect(() => open({})).not.toThrow()
  process.env['REDIS_URL'] = `${server.url}?db=3`
  await open({}).queue('q').send({})
  expect(await admin.info('keyspace')).toContain('db3:')
})
