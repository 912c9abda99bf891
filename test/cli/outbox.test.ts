import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Redrive, silentLogger } from '../../src/index.ts'
import { CRASH_SAFE, startTestRedis, type TestRedis } from '../support/redis.ts'
import { cli, ndjson } from './run-cli.ts'

let redis: TestRedis
let directory: string
const run = (...args: string[]) => cli(['outbox', ...args], { env: { REDIS_URL: redis.url } })

beforeEach(async () => {
  redis = await startTestRedis(CRASH_SAFE)
  directory = await mkdtemp(join(tmpdir(), 'redrive-outbox-'))
  // A producer whose Redis is away, and that ends.
  await redis.server.kill('SIGKILL')
  const producer = new Redrive({
    redis: redis.url,
    logger: silentLogger,
    commandTimeout: '500ms',
    outbox: { directory, patience: '50ms' },
  })
  await producer.queue('jobs').send({}, { id: 'a' })
  await producer.queue('jobs').sendBulk([
    { input: 1, id: 'b' },
    { input: 2, id: 'c' },
  ])
  await producer.close()
})
afterEach(async () => {
  await redis.stop()
  await rm(directory, { recursive: true, force: true })
})

test('ls tells what waits, without Redis', async () => {
  const { code, stdout, stderr } = await run('ls', directory, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^2 batches, \d+ bytes\n$/) })
  expect(ndjson(stdout)).toMatchObject([
    { queue: 'jobs', partition: 0, ids: ['a'] },
    { queue: 'jobs', partition: 0, ids: ['b', 'c'] },
  ])
  expect((await run('ls', directory)).stdout).toMatch(
    /^QUEUE +MESSAGES +BYTES +SINCE +IDS\njobs +1 .* a\njobs +2 .* b, c\n$/,
  )
})

test('drain delivers it, and then nothing waits', async () => {
  await redis.server.restart()
  expect(await run('drain', directory)).toMatchObject({ code: 0, stdout: 'delivered 3\n' })
  expect(await run('ls', directory)).toEqual({ code: 0, stdout: '', stderr: 'nothing waits\n' })
  const client = new Redrive({ redis: redis.url, logger: silentLogger })
  expect((await client.queue('jobs').stats()).states['pending']).toBe(3)
  await client.close()
})

test('drain says so when Redis is away, and nothing is lost', async () => {
  expect(await run('drain', directory)).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('E_REDIS_UNAVAILABLE'),
  })
  expect(ndjson((await run('ls', directory, '--json')).stdout)).toHaveLength(2)
})

test('a directory that is in use, and one that is not there, are told apart', async () => {
  const user = new Redrive({ redis: redis.url, logger: silentLogger, commandTimeout: '500ms', outbox: { directory } })
  try {
    // The directory is open before Redis is asked.
    await expect(user.ready()).rejects.toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
    expect(await run('ls', directory)).toMatchObject({ code: 1, stderr: expect.stringContaining('E_OUTBOX_LOCKED') })
  } finally {
    await user.close()
  }
  expect(await run('ls', `${directory}-none`)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('E_NOT_FOUND'),
  })
})
