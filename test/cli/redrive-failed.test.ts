import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createMachine } from 'xstate'
import { Redrive, silentLogger, type Queue } from '../../src/index.ts'
import { until } from '../support/backends.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { cli, ndjson } from './run-cli.ts'

let redis: TestRedis
let redrive: Redrive
let orders: Queue
let mended = false
const run = (...args: string[]) => cli(args, { env: { REDIS_URL: redis.url } })

const machine = createMachine({
  id: 'order',
  initial: 'charging',
  states: { charging: { invoke: { id: 'charge', src: 'charge', onDone: 'shipped' } }, shipped: { type: 'final' } },
})

beforeAll(async () => {
  redis = await startTestRedis()
  redrive = new Redrive({ redis: redis.url, logger: silentLogger })
  orders = redrive.queue('orders', { machine })
  orders.work({
    charge: () => {
      if (!mended) throw new Error('refused')
      return 'paid'
    },
  })
  await orders.sendBulk(['a', 'b', 'c'].map((id) => ({ input: {}, id })))
  await until(async () => (await orders.stats()).states['~failed'] === 3)
})
afterAll(async () => {
  await redrive.close()
  await redis.stop()
})

test('messages that failed are redriven, one or all of them, by a command line without their machine', async () => {
  expect((await run('show', 'orders', 'a')).stdout).toMatch(/failed in +charging, at error charge/)
  expect(await run('redrive', 'orders', 'a', '--dry-run')).toMatchObject({ code: 0, stdout: 'a  would be redriven\n' })
  const all = await run('redrive', 'orders', '--state', '~failed', '--dry-run', '--json')
  expect(ndjson(all.stdout)).toHaveLength(3)
  mended = true
  const one = await run('redrive', 'orders', 'a', '--wait', '10s', '--json')
  expect(one).toMatchObject({ code: 0, stderr: '' })
  expect(ndjson(one.stdout)).toEqual([expect.objectContaining({ id: 'a', status: 'applied' })])
  await until(async () => (await orders.get('a'))?.state === 'shipped')

  const finished = await run('redrive', 'orders', 'a')
  expect([finished.code, finished.stderr]).toEqual([1, expect.stringMatching(/--module|finished/)])
  const rest = await run('redrive', 'orders', '--all', '--yes', '--json')
  expect(rest.code).toBe(0)
  expect(
    ndjson(rest.stdout)
      .map(({ id }) => id as string)
      .toSorted(),
  ).toEqual(['b', 'c'])
  await until(async () => (await orders.stats()).states['shipped'] === 3)
  expect((await orders.history('b')).map(({ event }) => event)).toEqual([
    'init',
    'error charge',
    'redrive',
    'done charge',
  ])
})
