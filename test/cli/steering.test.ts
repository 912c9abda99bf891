import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from '@jest/globals'
import { NonRetryableError, Redrive, silentLogger, type Queue } from '../../src/index.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { until } from '../support/backends.ts'
import { cli, ndjson } from './run-cli.ts'

let redis: TestRedis
let redrive: Redrive
let emails: Queue
let mended: boolean
const run = (...args: string[]) => cli(args, { env: { REDIS_URL: redis.url } })

beforeAll(async () => {
  redis = await startTestRedis()
})
/** Four are dead: two of an address, two of something else. */
beforeEach(async () => {
  await redis.client().flushall()
  redrive = new Redrive({ redis: redis.url, logger: silentLogger })
  emails = redrive.queue('emails', { retry: { attempts: 1 } })
  mended = false
  emails.work(
    ({ to }: { to: string }) => {
      if (!mended)
        throw to === 'nobody'
          ? Object.assign(new Error('no such'), { name: 'AddressError' })
          : new NonRetryableError('boom')
    },
    { name: 'w1' },
  )
  await emails.sendBulk(['a', 'b', 'c', 'd'].map((id, i) => ({ input: { to: i < 2 ? 'nobody' : 'ada' }, id })))
  await until(async () => (await emails.stats()).states['dead'] === 4)
})
afterEach(() => redrive.close())
afterAll(() => redis.stop())

test('pause and resume, which stats and the audit tell', async () => {
  expect(await run('pause', 'emails')).toEqual({ code: 0, stdout: 'emails  paused\n', stderr: '' })
  expect(await emails.isPaused()).toBe(true)
  expect((await run('stats')).stdout).toMatch(/^emails {2}4 messages {2}paused\n/)
  expect(ndjson((await run('resume', 'emails', '--json')).stdout)).toEqual([{ queue: 'emails', paused: false }])
  expect(await emails.isPaused()).toBe(false)
  expect((await run('pause', 'email')).code).toBe(3)
  const { stdout } = await run('audit', '--limit', '1', '--json')
  expect(ndjson(stdout)).toEqual([
    expect.objectContaining({ action: 'resume', queue: 'emails', actor: expect.stringContaining('@') }),
  ])
  expect((await run('audit')).stdout).toMatch(/^AT +ACTOR +QUEUE +ACTION[^\n]*\n[^\n]*resume[^\n]*\n[^\n]*pause/)
})

test('redrive the dead of one error class, at a rate', async () => {
  const filter = ['--state', 'dead', '--error-name', 'AddressError'] as const
  const rehearsed = await run('redrive', 'emails', ...filter, '--dry-run')
  expect(rehearsed.stdout).toMatch(/^2 of 4 messages would be redriven\nsuch as [ab], [ab]\n$/)
  expect((await run('redrive', 'emails', ...filter)).code).toBe(2)
  mended = true
  const { code, stdout } = await run('redrive', 'emails', ...filter, '--rate', '100', '--yes', '--json')
  expect([code, ndjson(stdout)]).toEqual([
    0,
    expect.arrayContaining(['a', 'b'].map((id) => ({ id, status: 'delivered' }))),
  ])
  await until(async () => (await emails.stats()).states['succeeded'] === 2)
  expect((await emails.stats()).states['dead']).toBe(2)
})

test('what is sent to messages that were named is in the audit too', async () => {
  mended = true
  expect((await run('redrive', 'emails', 'a', 'b', '--yes')).code).toBe(0)
  expect((await run('signal', 'emails', 'c', 'REDRIVE')).code).toBe(0)
  expect((await run('rm', 'emails', 'd', '--yes')).code).toBe(0)
  const { stdout } = await run('audit', '--limit', '4', '--json')
  const entries = ndjson(stdout) as { actor: string; action: string; what: string }[]
  expect(entries.map(({ action, what }) => `${action} ${what}`).toSorted()).toEqual([
    'event REDRIVE to "a"',
    'event REDRIVE to "b"',
    'event REDRIVE to "c"',
    'remove "d"',
  ])
  expect(entries.filter(({ actor }) => !actor.includes('@'))).toEqual([])
})

test('delete by the payload, and undo that', async () => {
  const removed = await run('rm', 'emails', '--state', 'dead', '--where', 'to=ada', '--yes')
  expect(removed.stdout.split('\n').toSorted().slice(1)).toEqual(['c  deleted', 'd  deleted'])
  const [, undo] = /: (redrive undo emails op-[\w-]+) brings/.exec(removed.stderr) ?? []
  expect((await emails.stats()).states['dead']).toBe(2)
  const restored = await run(...undo!.split(' ').slice(1))
  expect(restored).toEqual({ code: 0, stdout: '2 brought back\n', stderr: '' })
  expect((await emails.stats()).states['dead']).toBe(4)
  expect((await run('undo', 'emails', 'op-nothing')).code).toBe(3)
})

test('a filter that says nothing, or does not say of which state, is wrong', async () => {
  for (const args of [
    ['--where', 'to'],
    ['--wait', '1s', '--error-name', 'x', '--state', 'dead'],
  ])
    expect((await run('redrive', 'emails', ...args, '--all')).code).toBe(2)
  const { code, stderr } = await run('rm', 'emails', '--all', '--error-name', 'x', '--yes')
  expect([code, stderr]).toEqual([2, expect.stringContaining('--state')])
})

test('workers are listed', async () => {
  const { stdout } = await run('workers')
  expect(stdout).toMatch(/^QUEUE +WORKER[^\n]*\nemails +w1 +/)
  expect(ndjson((await run('workers', 'emails', '--json')).stdout)).toMatchObject([{ name: 'w1', pid: process.pid }])
})
