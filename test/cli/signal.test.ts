import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { Redrive, silentLogger } from '../../src/index.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { deployments } from './modules/orders.mjs'
import { cli, ndjson, startCli } from './run-cli.ts'

const MODULE = fileURLToPath(new URL('./modules/orders.mjs', import.meta.url))

let redis: TestRedis
let redrive: Redrive
const run = (...args: string[]) => cli(['signal', ...args], { env: { REDIS_URL: redis.url } })

beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.stop())
beforeEach(async () => {
  await redis.client().flushall()
  redrive = new Redrive({ redis: redis.url, logger: silentLogger })
  await redrive.queue('emails').send('x', { id: 'e1', delay: '1h' })
  await redrive.queue('orders', deployments.first).send({ total: 7 }, { id: 'o1' })
})
afterEach(() => redrive.close())

const inbox = async (id: string, queue = 'emails') => (await redrive.queue(queue).get(id))?.inbox

test('delivers an event of the default machine without a module', async () => {
  expect(await run('emails', 'e1', 'CANCEL')).toEqual({ code: 0, stdout: 'e1  delivered\n', stderr: '' })
  expect(await inbox('e1')).toEqual([{ type: 'CANCEL' }])
})

test('carries data, as an option or in the event itself', async () => {
  await run('emails', 'e1', 'CANCEL', '--data', '{"by":"ada","times":2}')
  await run('emails', 'e1', '{"type":"RETRY","by":"bob"}', '--data', '{"at":1}')
  expect(await inbox('e1')).toEqual([
    { type: 'CANCEL', by: 'ada', times: 2 },
    { type: 'RETRY', by: 'bob', at: 1 },
  ])
})

test('an event id makes it idempotent', async () => {
  const args = ['emails', 'e1', 'CANCEL', '--event-id', 'ada-1', '--json']
  expect(ndjson((await run(...args)).stdout)).toEqual([{ id: 'e1', status: 'delivered', event: 'CANCEL' }])
  expect(ndjson((await run(...args)).stdout)).toEqual([{ id: 'e1', status: 'duplicate', event: 'CANCEL' }])
  expect(await inbox('e1')).toHaveLength(1)
})

test('--wait tells the state once a worker has taken it', async () => {
  const worker = startCli(['worker', MODULE], { env: { REDIS_URL: redis.url } })
  try {
    const { code, stdout } = await run('orders', 'o1', 'HOLD', '--module', MODULE, '--wait', '10s')
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'o1  applied  held\n' })
  } finally {
    worker.child.kill('SIGTERM')
    await worker.ended
  }
})

test('an event that the machine does not know is refused, with those that it does', async () => {
  const { code, stderr } = await run('orders', 'o1', 'APROVE', '--module', MODULE)
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /^error: E_UNKNOWN_EVENT: "APROVE" .* Did you mean APPROVE\? Possible: APPROVE, REJECT, HOLD\.\n$/,
  )
  expect(await inbox('o1', 'orders')).toEqual([])
})

test.each<[string, string[], number, RegExp]>([
  [
    'a machine of its own without its module',
    ['orders', 'o1', 'APPROVE'],
    1,
    /E_UNKNOWN_MACHINE: .*order@1.*--module <file>/,
  ],
  ['a message that is not there', ['emails', 'e2', 'CANCEL'], 3, /E_NOT_FOUND/],
  ['a queue that is not there', ['email', 'e1', 'CANCEL'], 3, /Did you mean "emails"\?/],
  ['a broken event', ['emails', 'e1', '{type:'], 2, /E_USAGE: the event is not JSON/],
  ['an event without a type', ['emails', 'e1', '{"by":"ada"}'], 2, /the event needs a type/],
  ['data that is no object', ['emails', 'e1', 'CANCEL', '--data', '[1]'], 2, /--data must be a JSON object/],
  ['a second type', ['emails', 'e1', 'CANCEL', '--data', '{"type":"x"}'], 2, /leave "type" out/],
  ['a wait that nobody ends', ['emails', 'e1', 'CANCEL', '--wait', '50ms'], 1, /E_TIMEOUT/],
])('refuses %s', async (_, args, code, message) => {
  expect(await run(...args)).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) })
})
