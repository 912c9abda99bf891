/** The user that the security guide prints, loaded into a real server: all of Redrive works as this user, and no line of it is too much. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Redis } from 'ioredis'
import { examine } from '../../src/client/doctor/examine.ts'
import { Redrive, silentLogger } from '../../src/index.ts'
import { cli } from '../cli/run-cli.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { tour } from './tour.ts'

const PAGE = join(import.meta.dirname, '../../docs/guides/security.md')
let server: TestRedis
let admin: Redis
let rules: readonly string[]
beforeAll(async () => {
  server = await startTestRedis({ appendonly: 'yes' })
  admin = server.client()
  const [, line = ''] = /^ACL SETUSER redrive (.+)$/m.exec(readFileSync(PAGE, 'utf8').replaceAll(' \\\n', '')) ?? []
  rules = line.trim().split(/\s+/)
  await admin.call('ACL', 'SETUSER', 'redrive', ...rules)
})
afterAll(() => server.stop())

const address = (user: string, password: string): string =>
  server.url.replace('unix://', `unix://${user}:${password}@localhost`)
const open = (redis: string, more: object = {}): Redrive =>
  new Redrive({ redis, logger: silentLogger, commandTimeout: 3000, ...more })

test('all of Redrive works with it', async () => {
  expect(rules).toContain('~rd:*')
  const url = address('redrive', 'password')
  await expect(tour(open(url), open(url))).resolves.toBe('all of it')
  const durable = { durability: { replicas: 1, timeout: 1 } }
  await expect(tour(open(url, durable), open(url, durable))).resolves.toBe('all of it')
})

test('doctor examines and repairs with it, and the command line reads with it', async () => {
  const redis = address('redrive', 'password')
  await admin.srem('rd:{children:0}:states', 'succeeded')
  const found = await examine({ redis, prefix: 'rd', commandTimeout: 3000, full: true, repair: true })
  expect(found.findings.filter(({ severity }) => severity === 'error')).toMatchObject([
    { code: 'D_UNNAMED_STATE', queue: 'children', repaired: expect.any(Number) },
  ])
  for (const args of [['ls'], ['stats'], ['doctor'], ['workers'], ['audit']]) {
    const { stderr } = await cli([...args, '--redis', redis])
    expect({ args, stderr }).not.toMatchObject({ stderr: expect.stringMatching(/E_|NOPERM/) })
  }
})

test('no command in it is more than is needed', async () => {
  const url = address('redrive', 'password')
  await admin.call('CONFIG', 'RESETSTAT')
  await tour(open(url), open(url))
  const durable = { durability: { replicas: 1, timeout: 1 } }
  await tour(open(url, durable), open(url, durable))
  for (const full of [true, false])
    await examine({ redis: url, prefix: 'rd', commandTimeout: 3000, full, repair: true })
  const called = new Set(
    [...(await admin.info('commandstats')).matchAll(/cmdstat_([\w|-]+):/g)].map(([, name]) => name),
  )
  const granted = rules.filter((rule) => /^\+[a-z]/.test(rule)).map((rule) => rule.slice(1))
  expect(granted.filter((name) => !called.has(name) && !RARE.has(name))).toEqual([])
})

/** For a URL that names a database, a feed that is longer than it may be, a message under a foreign lock, retention by bytes, and a sample of a large set. */
const RARE = new Set(['select', 'xtrim', 'pttl', 'memory|usage', 'zrandmember'])

test('a wrong password, and a permission that is lacking, are told', async () => {
  const wrong = open(address('redrive', 'secret-that-is-wrong'))
  const refused: unknown = await wrong.ready().catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'E_REDIS_AUTH' })
  await wrong.close()
  await admin.call('ACL', 'SETUSER', 'poor', ...rules, '-zadd')
  const poor = open(address('poor', 'password'))
  const lacking: unknown = await poor
    .queue('q')
    .send(1)
    .catch((error: unknown) => error)
  expect(lacking).toMatchObject({ code: 'E_REDIS_AUTH', message: expect.stringContaining('permission') })
  await poor.close()
  await admin.call('ACL', 'SETUSER', 'elsewhere', ...rules, 'resetkeys', '~other:*')
  const elsewhere = open(address('elsewhere', 'password'))
  expect(await elsewhere.ready().catch((error: unknown) => error)).toMatchObject({ code: 'E_REDIS_AUTH' })
  await elsewhere.close()
})
