import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Redis } from 'ioredis'
import { type Queue, Redrive, silentLogger } from '../../src/index.ts'
import { CRASH_SAFE, startTestRedis, type TestRedis } from '../support/redis.ts'
import { cli, ndjson } from './run-cli.ts'

let redis: TestRedis
let client: Redis
let redrive: Redrive
let emails: Queue
const run = (...args: string[]) => cli(['doctor', ...args], { env: { REDIS_URL: redis.url } })

beforeAll(async () => {
  redis = await startTestRedis(CRASH_SAFE)
  client = redis.client()
})
beforeEach(async () => {
  await client.flushall()
  redrive = new Redrive({ redis: redis.url, logger: silentLogger })
  emails = redrive.queue('emails')
  await emails.sendBulk(['a', 'b', 'c'].map((id) => ({ input: id, id, delay: '1h' })))
})
afterEach(() => redrive.close())
afterAll(() => redis.stop())

const PENDING = 'rd:{emails:0}:s:pending'

test('ends with 0 when there is nothing to mend; what is for information is told', async () => {
  const { code, stdout, stderr } = await run()
  expect(code).toBe(0)
  expect(stdout).toMatch(/^info {2}D_NO_REPLICAS\n {2}found {2}/)
  expect(stderr).toMatch(
    /looked at 3 messages and 3 entries of 1 queue, a sample; --full looks at all. Nothing to mend\n$/,
  )
})

test('ends with 5 on a finding, and says what was found, why it matters and how to mend it', async () => {
  await client.zrem(PENDING, 'a', 'b')
  const { code, stdout, stderr } = await run('--full')
  expect(code).toBe(5)
  // Redis scans its keys in an order of its own.
  expect(stdout.split('\n\n')[0]!.replace('b, a', 'a, b')).toBe(
    [
      'error  D_UNLISTED  emails',
      '  found    2 messages: not in the set of their state',
      '  such as  a, b',
      '  why      A message that is not in the set of its state is never claimed, listed or counted.',
      '  mend     Rebuild the index from the messages; workers may go on meanwhile.',
      '           redrive doctor --repair',
    ].join('\n'),
  )
  expect(stderr).toContain('3 messages and 1 entry of 1 queue, all of them. 1 to mend')
})

test('on a warning too', async () => {
  await client.config('SET', 'appendfsync', 'no')
  const { code, stdout } = await run('--json')
  await client.config('SET', 'appendfsync', 'always')
  expect(code).toBe(5)
  expect(ndjson(stdout)).toEqual([
    expect.objectContaining({ code: 'D_NO_FSYNC', severity: 'warning', command: expect.any(String) }),
    expect.objectContaining({ code: 'D_NO_REPLICAS', severity: 'info' }),
  ])
})

test('repairs, and ends with 0 when all was repaired', async () => {
  await client.zrem(PENDING, 'a', 'b')
  const { code, stdout } = await run('--repair')
  expect(code).toBe(0)
  expect(stdout).toContain('repaired  2 of 2')
  expect(stdout).not.toContain('redrive doctor --repair')
  expect((await run('--full')).code).toBe(0)
  expect((await emails.stats()).states).toEqual({ pending: 3 })
})

test('takes out what has no message only with --yes', async () => {
  await client.del('rd:{emails:0}:m:a')
  const first = await run('--repair')
  expect(first.code).toBe(5)
  expect(first.stdout).toContain('redrive doctor --repair --yes')
  expect(await client.zcard(PENDING)).toBe(3)
  const second = await run('--repair', '--yes', '--json')
  expect(second.code).toBe(0)
  expect(ndjson(second.stdout)[0]).toMatchObject({ code: 'D_MISSING', queue: 'emails', count: 1, repaired: 1 })
  expect(await client.zcard(PENDING)).toBe(2)
})

test('looks under the prefix that it is given, and refuses --yes alone', async () => {
  const { code, stderr } = await run('--prefix', 'other')
  expect({ code, stderr: stderr.includes('0 messages and 0 entries of 0 queues') }).toEqual({ code: 0, stderr: true })
  expect(await run('--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes belongs to --repair') })
})

test('ends with 4 where there is no server', async () => {
  const { code, stderr } = await run('--redis', 'unix:///nowhere.sock')
  expect(code).toBe(4)
  expect(stderr).toContain('E_REDIS_UNAVAILABLE')
})
