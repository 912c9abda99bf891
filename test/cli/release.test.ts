import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Redrive, silentLogger, type Queue } from '../../src/index.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { until } from '../support/backends.ts'
import { cli, ndjson } from './run-cli.ts'

let redis: TestRedis
let redrive: Redrive
let emails: Queue
const run = (...args: string[]) => cli(args, { env: { REDIS_URL: redis.url } })
const key = (id: string): string => `rd:{emails:0}:m:${id}`

/** Two messages whose contexts somebody has broken by hand, found by a worker. */
beforeAll(async () => {
  redis = await startTestRedis()
  redrive = new Redrive({ redis: redis.url, logger: silentLogger })
  emails = redrive.queue('emails')
  for (const id of ['a', 'b']) {
    await emails.send('x', { id, delay: 20 })
    await redis.client().hset(key(id), 'c', '\n{')
  }
  await emails.send('y', { id: 'fine', delay: '1h' })
  emails.work(() => 'ok')
  await until(async () => (await emails.stats()).states['~quarantined'] === 2)
})
afterAll(async () => {
  await redrive.close()
  await redis.stop()
})

test('release lets messages out of quarantine, and is for nothing else', async () => {
  const refused = await run('release', 'emails', 'fine')
  expect({ code: refused.code, stderr: refused.stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('"fine" is in pending, not in ~quarantined'),
  })

  const rehearsed = await run('release', 'emails', '--all', '--dry-run', '--json')
  expect(ndjson(rehearsed.stdout)).toEqual(
    ['a', 'b'].map((id) => ({ id, status: 'would be released', state: '~quarantined', dryRun: true })),
  )

  for (const id of ['a', 'b']) await redis.client().hset(key(id), 'c', 'payload\n{}')
  const released = await run('release', 'emails', '--all', '--yes', '--json')
  expect(released.code).toBe(0)
  expect(ndjson(released.stdout).map((line) => (line as { status: string }).status)).toEqual(['delivered', 'delivered'])
  expect(await emails.result('a', { timeout: '60s' })).toBe('ok')
  expect(await emails.result('b', { timeout: '60s' })).toBe('ok')
})
