/** Every option of ioredis is taken, set by Redrive, or refused with the fix: no one of them is passed over. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis'
import { openConnection, openLockNode } from '../../src/store/connection.ts'
import { addressOptions, type RedisAddress } from '../../src/store/redis-address.ts'
import { RULES } from '../../src/store/redis-options.ts'

const BUILT = join(dirname(createRequire(import.meta.url).resolve('ioredis')), '.')
const DECLARED = [
  'redis/RedisOptions.d.ts',
  'utils/Commander.d.ts',
  'connectors/SentinelConnector/index.d.ts',
  'connectors/StandaloneConnector.d.ts',
]
const SENTINELS = [{ host: 'sentinel-1', port: 26_379 }]
const strategy = () => 5

class CustomConnector extends AbstractConnector {
  constructor() {
    super(100)
  }
  connect = () => new Promise<never>(() => {})
}

/** For each option, a value other than its default. */
const SAMPLES: { readonly [Name in keyof Required<RedisOptions>]: unknown } = {
  host: 'redis.internal',
  port: 7000,
  path: '/run/redis.sock',
  family: 6,
  username: 'ada',
  password: 'lovelace',
  db: 3,
  tls: { servername: 'redis.internal' },
  connectionName: 'orders',
  clientInfoTag: 'orders',
  disableClientInfo: true,
  keepAlive: 1000,
  noDelay: false,
  Connector: CustomConnector,
  sentinels: SENTINELS,
  name: 'mymaster',
  sentinelUsername: 'ada',
  sentinelPassword: 'lovelace',
  sentinelRetryStrategy: strategy,
  sentinelCommandTimeout: 500,
  sentinelTLS: { servername: 'sentinel' },
  sentinelMaxConnections: 3,
  enableTLSForSentinelMode: true,
  natMap: { '10.0.0.1:6379': { host: 'outside', port: 1 } },
  updateSentinels: false,
  failoverDetector: false,
  sentinelReconnectStrategy: strategy,
  retryStrategy: strategy,
  reconnectOnError: () => true,
  maxRetriesPerRequest: 7,
  enableOfflineQueue: false,
  offlineQueue: false,
  commandQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  enableReadyCheck: false,
  maxLoadingRetryTime: 1,
  lazyConnect: false,
  commandTimeout: 1,
  connectTimeout: 1,
  socketTimeout: 1,
  blockingTimeout: 1,
  blockingTimeoutGrace: 1,
  disconnectTimeout: 1,
  enableAutoPipelining: true,
  autoPipeliningIgnoredCommands: ['get'],
  protocol: 3,
  replyMapping: 'resp3',
  stringNumbers: true,
  showFriendlyErrorStack: true,
  scripts: { mine: { lua: 'return 1' } },
  himportFieldsets: [],
  keyPrefix: 'shop:',
  readOnly: true,
  monitor: true,
  role: 'slave',
  preferredSlaves: [],
}

type Name = keyof typeof SAMPLES
const names = Object.keys(SAMPLES) as Name[]

/** What the option needs beside it to mean anything. */
function beside(name: Name): object {
  if (RULES[name].is === 'sentinel') return { sentinels: SENTINELS, name: 'mymaster' }
  if (name === 'sentinels') return { name: 'mymaster' }
  return name === 'username' ? { password: 'lovelace' } : {}
}

const opened = (address: RedisAddress): RedisOptions => openConnection(address, { commandTimeout: 3000 }).options

test('the list is that of the installed ioredis', () => {
  const declared = DECLARED.flatMap((file) => {
    const text = readFileSync(join(BUILT, file), 'utf8')
    const bodies = [
      ...text.matchAll(
        /(?:interface (?:CommonRedis|Commander|SentinelConnection)Options|type StandaloneConnectionOptions)[^{]*\{([\s\S]*?)^\}/gm,
      ),
    ]
    expect(bodies).toHaveLength(1)
    return [...bodies[0]![1]!.matchAll(/^ {4}(\w+)\?:/gm)].map(([, name]) => name!)
  })
  const options = Object.keys(new Redis({ lazyConnect: true }).options)
  const all = new Set([...declared, 'host', 'port', 'path', 'family', ...options])
  expect([...all].filter((name) => !(name in RULES))).toEqual([])
  expect(Object.keys(RULES).toSorted()).toEqual(names.toSorted())
})

test.each(names.filter((name) => ['taken', 'sentinel'].includes(RULES[name].is)))('%s is taken', (name) => {
  const value = SAMPLES[name]
  expect(addressOptions({ ...beside(name), [name]: value })).toHaveProperty(name, value)
  expect(opened({ ...beside(name), [name]: value, Connector: CustomConnector })).toHaveProperty(name)
})

test.each(names.filter((name) => RULES[name].is === 'ours'))('%s changes nothing', (name) => {
  const given = { [name]: SAMPLES[name] }
  for (const plain of [{}, { sentinels: SENTINELS, name: 'mymaster' }]) {
    const [changed, usual] = [opened({ ...plain, ...given }), opened(plain)]
    expect(printed(changed)).toEqual(printed(usual))
    const [lock, usualLock] = [
      openLockNode({ ...plain, ...given }, { commandTimeout: 300 }),
      openLockNode(plain, { commandTimeout: 300 }),
    ]
    expect(printed(lock.options)).toEqual(printed(usualLock.options))
  }
})

/** Functions by their text: each connection has its own. */
const printed = (options: object): object =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, typeof value === 'function' ? String(value) : value]),
  )

test.each(names.filter((name) => RULES[name].is === 'refused'))('%s is refused, with the fix', (name) => {
  for (const address of [{ [name]: SAMPLES[name] }, { url: 'redis://h', [name]: SAMPLES[name] }])
    expect(() => addressOptions(address as RedisAddress)).toThrow(
      expect.objectContaining({
        code: 'E_INVALID_OPTION',
        message: expect.stringMatching(new RegExp(`redis\\.${name} (must be|would be)`)),
      }),
    )
})

test.each([
  ['keyPrefix', ''],
  ['readOnly', false],
  ['monitor', false],
  ['role', 'master'],
])('%s of %j does nothing and is none', (name, value) => {
  expect(addressOptions({ [name]: value })).toEqual({})
})

test('each stands in the documentation', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/reference/connecting.md'), 'utf8')
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

describe('the connection of Sentinels', () => {
  test('hears of a failover by itself, and keeps to it', () => {
    const options = opened({ sentinels: SENTINELS, name: 'mymaster', failoverDetector: false })
    expect(options).toMatchObject({ failoverDetector: true, sentinels: SENTINELS, name: 'mymaster' })
    expect(options.sentinelReconnectStrategy!(1)).toBeLessThanOrEqual(1000)
  })

  test('speaks TLS to the primary where there is TLS', () => {
    expect(addressOptions({ sentinels: SENTINELS, name: 'm', tls: {} })).toMatchObject({
      enableTLSForSentinelMode: true,
    })
  })
})

test.each<[what: string, address: unknown, message: RegExp]>([
  ['a misspelt option', { hots: 'h' }, /redis\.hots is no option of ioredis: did you mean "host"\?/],
  ['an option of nobody', { zzzzzzzzz: 1 }, /redis\.zzzzzzzzz is no option of ioredis, so it would do nothing/],
  ['the way of BullMQ', { connection: { host: 'h' } }, /redis\.connection: give what it holds as redis itself/],
  ['the way of node-redis', { socket: { host: 'h', port: 1 } }, /redis\.socket is of another client; ioredis calls/],
  ['another name', { database: 3 }, /redis\.database is called db/],
  ['another name', { user: 'ada' }, /redis\.user is called username/],
  ['a Cluster by its nodes', { rootNodes: [] }, /Redis Cluster, which Redrive does not support yet/],
  ['a list', [{ host: 'h' }], /got an array of 1\. Name one server, or its Sentinels.*Cluster is not supported/],
  ['a port alone', 6379, /got 6379\. Did you mean redis:\/\/127\.0\.0\.1:6379\?/],
  ['a port that is no number', { port: NaN }, /redis\.port must be a whole number from 1 to 65535; got NaN/],
  ['a port in words', { port: 'http' }, /redis\.port must be .* got "http"/],
  ['a port that is none', { port: 0 }, /redis\.port must be/],
  ['a host that is none', { host: '' }, /redis\.host must be text; got ""/],
  ['a database in words', { db: 'emails' }, /redis\.db must be a whole number/],
  ['a family that is none', { family: 5 }, /redis\.family must be 4, 6, or 0/],
  ['TLS by something else', { tls: 7 }, /redis\.tls must be an object/],
  ['Sentinels without a name', { sentinels: SENTINELS }, /redis\.sentinels needs redis\.name/],
  ['no Sentinels', { sentinels: [], name: 'm' }, /redis\.sentinels must be a list such as/],
  ['a Sentinel without a host', { sentinels: [{ port: 1 }], name: 'm' }, /redis\.sentinels must be a list such as/],
  [
    'Sentinels and a host',
    { sentinels: SENTINELS, name: 'm', host: 'h' },
    /redis\.sentinels and redis\.host are given/,
  ],
  ['a name without Sentinels', { host: 'h', name: 'm' }, /redis\.name is for a primary that Sentinels know/],
  [
    'TLS that would not be spoken',
    { sentinels: SENTINELS, name: 'm', tls: {}, enableTLSForSentinelMode: false },
    /enableTLSForSentinelMode is false/,
  ],
  ['a socket and a host', { path: '/s', host: 'h' }, /redis\.path and redis\.host are given/],
  ['a user that would not log in', { username: 'ada' }, /redis\.username is given without redis\.password/],
  ['a URL that is none', { url: 7 }, /redis\.url must be a URL .* got 7/],
  ['a URL and a host', { url: 'redis://a', host: 'b' }, /redis\.url and redis\.host are given/],
  ['a URL and another database', { url: 'redis://a/2', db: 3 }, /redis\.db is not what redis\.url says/],
  ['a URL and another option', { url: 'redis://a', retries: 3 }, /redis\.retries is no option of ioredis/],
  ['a promise', Promise.resolve('redis://a'), /got a promise\. Await it first/],
  ['an instance of something else', new Map(), /got an instance of Map/],
  ['nothing', null, /got null/],
  ['a function', () => {}, /got a function/],
])('%s is refused', (_, address, message) => {
  expect(() => addressOptions(address as RedisAddress)).toThrow(
    expect.objectContaining({ code: 'E_INVALID_OPTION', message: expect.stringMatching(message) }),
  )
})

test.each(['password', 'sentinelPassword', 'username', 'tls'])('what was given as %s is not shown', (name) => {
  const address = {
    sentinels: SENTINELS,
    name: 'm',
    [name]: name === 'tls' ? ['s3cret'] : { s3cret: 1 },
  } as RedisAddress
  expect(() => addressOptions(address)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('s3cret') }),
  )
  const number = { sentinels: SENTINELS, name: 'm', [name]: 87_654_321 } as RedisAddress
  expect(() => addressOptions(number)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('87654321') }),
  )
})

test.each<[RedisAddress, RedisOptions]>([
  [
    { port: '7000' as never, db: '3' as never },
    { port: 7000, db: 3 },
  ],
  [{ host: 'h', password: undefined, username: '', tls: false as never }, { host: 'h' }],
  [
    { host: 'h', tls: true as never },
    { host: 'h', tls: {} },
  ],
  [
    { url: 'redis://h:7000', db: 3, username: 'ada', password: 'p' },
    { host: 'h', port: 7000, db: 3, username: 'ada', password: 'p' },
  ],
  [
    { url: 'redis://ada@h', password: 'p' },
    { host: 'h', port: 6379, username: 'ada', password: 'p' },
  ],
  [
    { url: 'redis://h/3', db: 3, connectionName: 'orders' },
    { host: 'h', port: 6379, db: 3, connectionName: 'orders' },
  ],
  [
    { url: 'rediss://h?servername=a', tls: { ca: 'PEM' } },
    { host: 'h', port: 6379, tls: { servername: 'a', ca: 'PEM' } },
  ],
  [new URL('redis://h:7000/3'), { host: 'h', port: 7000, db: 3 }],
  ['redis://h?db=3', { host: 'h', port: 6379, db: 3 }],
  ['redis://h?family=6&connectionName=orders', { host: 'h', port: 6379, family: 6, connectionName: 'orders' }],
  ['redis:///3', { host: '127.0.0.1', port: 6379, db: 3 }],
  ['REDIS://H:7000', { host: 'H', port: 7000 }],
  ['redis://ada:%25%3A%2F@[fe80::1]:7000', { host: 'fe80::1', port: 7000, username: 'ada', password: '%:/' }],
  ['unix://ada:p@localhost/run/r.sock?db=2', { path: '/run/r.sock', username: 'ada', password: 'p', db: 2 }],
])('%p is understood', (address, options) => {
  expect(addressOptions(address)).toEqual(options)
})

test.each([
  ['redis://h?tls=true', /"tls" in its query: the scheme says it: rediss:\/\//],
  ['redis://h?dbb=3', /"dbb" in its query: did you mean "db"\?/],
  ['redis://h?retries=3', /"retries" in its query: it may have db, family, connectionName/],
  ['redis://h?ca=ca.crt', /"ca" in its query: it is for TLS: write rediss:/],
  ['redis://h/2?db=3', /the database 2 in its path and 3 in its query/],
  ['redis://h?family=5', /redis\.family must be 4, 6, or 0/],
  ['redis://ada@h', /redis\.username is given without redis\.password/],
  ['redis://h#2', /redis has a "#"/],
  ['unix://run/redis.sock', /three slashes, as in unix:\/\/\/run/],
  ['unix:///', /three slashes/],
  ['/run/redis.sock', /Did you mean unix:\/\/\/run\/redis\.sock\?/],
  ['redis.internal:6379', /Did you mean redis:\/\/redis\.internal:6379\?/],
  ['6379', /Did you mean redis:\/\/127\.0\.0\.1:6379\?/],
  ['http://h:6379', /must be a URL such as .* got "http:\/\/h:6379"/],
  ['redis+sentinel://h/m', /Sentinels are named by options/],
])('%s is refused', (address, message) => {
  expect(() => addressOptions(address)).toThrow(
    expect.objectContaining({ code: 'E_INVALID_OPTION', message: expect.stringMatching(message) }),
  )
})

test.each(['password', 'pass', 'auth', 'user', 'username', 'token', 'sentinelPassword', 'pass%77ord', 'PASSWORD'])(
  'a secret as ?%s= is refused without printing it',
  (name) => {
    for (const url of [
      `redis://h?${name}=s3cret`,
      `rediss://h:1/2?db=2&${name}=s3cret`,
      `http://h?${name}=s3cret`,
      `h:1?${name}=s3cret`,
    ])
      for (const address of [url, { url }])
        expect(() => addressOptions(address)).toThrow(
          expect.objectContaining({ code: 'E_INVALID_OPTION', message: expect.not.stringContaining('s3cret') }),
        )
    expect(() => addressOptions(`redis://h?${name}=s3cret`)).toThrow('user:password@host')
  },
)
