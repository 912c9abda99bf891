import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Redrive, silentLogger, type Queue } from '../../src/index.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { until } from '../support/backends.ts'
import { deployments } from './modules/orders.mjs'
import { cli, ndjson } from './run-cli.ts'

const MODULE = fileURLToPath(new URL('./modules/orders.mjs', import.meta.url))

type Deployment = keyof typeof deployments

let redis: TestRedis
const run = (deployment: Deployment, ...args: string[]) =>
  cli(args, { env: { REDIS_URL: redis.url, ORDERS: deployment } })

/** A deployment with a worker, until the work is done. */
async function deployed(deployment: Deployment, work: (orders: Queue) => Promise<unknown>): Promise<void> {
  const redrive = new Redrive({ redis: redis.url, logger: silentLogger })
  try {
    const orders: Queue = redrive.queue('orders', deployments[deployment])
    await orders.work().ready()
    await work(orders)
  } finally {
    await redrive.close()
  }
}

/** The state of a message, once it is the one that is waited for. */
const arrives = (orders: Queue, id: string, state: string): Promise<boolean> =>
  until(async () => (await orders.get(id))?.state === state)

beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.stop())

/** Two orders wait, one is held, one is finished: all of version 1. */
beforeEach(async () => {
  await redis.client().flushall()
  await deployed('first', async (orders) => {
    for (const id of ['a', 'b', 'c', 'd']) await orders.send({ total: 7 }, { id })
    await orders.signal('c', { type: 'HOLD' }, { wait: '10s' })
    await orders.signal('d', { type: 'REJECT' }, { wait: '10s' })
  })
})

const facts = (stdout: string) =>
  ndjson(stdout).map(({ machine, state, fate, to, count }) => ({
    machine: String(machine).slice(0, 7),
    state,
    fate,
    count,
    ...(to === undefined ? {} : { to }),
  }))

describe('machines check', () => {
  test('says that all is well with the code that the messages are of', async () => {
    const { code, stdout, stderr } = await run('first', 'machines', 'check', '--module', MODULE, '--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(facts(stdout)).toEqual([
      { machine: 'order@1', state: 'gone', fate: 'finished', count: 1 },
      { machine: 'order@1', state: 'held', fate: 'runs', count: 1 },
      { machine: 'order@1', state: 'waiting', fate: 'runs', count: 2 },
    ])
  })

  test('says which move by themselves', async () => {
    const { code, stdout } = await run('similar', 'machines', 'check', 'orders', '--module', MODULE, '--json')
    expect(code).toBe(0)
    expect(facts(stdout)).toEqual([
      { machine: 'order@1', state: 'gone', fate: 'finished', count: 1 },
      { machine: 'order@1', state: 'held', fate: 'moves', to: 'held', count: 1 },
      { machine: 'order@1', state: 'waiting', fate: 'moves', to: 'waiting', count: 2 },
    ])
  })

  test('says what would be orphaned, by state and count, and ends with 5', async () => {
    const { code, stdout, stderr } = await run('renamed', 'machines', 'check', '--module', MODULE)
    expect({ code, stderr }).toEqual({ code: 5, stderr: 'orders: 3 messages would be put aside\n' })
    expect(stdout).toMatch(/^orders {2}order@2#[0-9a-f]{8}\n/)
    expect(stdout).toMatch(/order@1#[0-9a-f]{8} +waiting +2 +would be put aside\n/)
    expect(stdout).toMatch(/order@1#[0-9a-f]{8} +held +1 +would be put aside\n/)
    expect(stdout).toMatch(/waiting: .+ \(2, such as "[ab]"\)\n/)
  })

  test('leaves no trace: a version that was only checked has not come', async () => {
    const before = await redis.client().hgetall('rd:machines:orders')
    await run('renamed', 'machines', 'check', '--module', MODULE)
    await run('migrating', 'machines', 'migrate', '--dry-run', '--module', MODULE)
    expect(await redis.client().hgetall('rd:machines:orders')).toEqual(before)
    await redis.client().flushall()
    const { code, stdout } = await run('renamed', 'machines', 'check', '--module', MODULE)
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('no messages') })
    expect(await redis.client().keys('*')).toEqual([])
  })

  test('says which steps are XState’s own, which is no misfit', async () => {
    const module = fileURLToPath(new URL('./modules/regions.mjs', import.meta.url))
    const { code, stderr } = await run('first', 'machines', 'check', '--module', module)
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^regions: XState takes some steps itself, which is slower: .*parallel.*\n$/),
    })
  })

  test('agrees with what a worker then does, and counts what is in quarantine', async () => {
    await deployed('renamed', async (orders) => {
      for (const id of ['a', 'c']) await orders.signal(id, { type: 'APPROVE' })
      for (const id of ['a', 'c']) await arrives(orders, id, '~quarantined')
    })
    const { code, stdout, stderr } = await run('renamed', 'machines', 'check', '--module', MODULE, '--json')
    expect({ code, stderr }).toEqual({
      code: 5,
      stderr: 'orders: 1 message would be put aside, 2 messages in quarantine\n',
    })
    expect(facts(stdout)).toEqual([
      { machine: 'order@1', state: 'gone', fate: 'finished', count: 1 },
      { machine: 'order@1', state: 'held', fate: 'stuck', count: 1 },
      { machine: 'order@1', state: 'waiting', fate: 'orphaned', count: 1 },
      { machine: 'order@1', state: 'waiting', fate: 'stuck', count: 1 },
    ])
  })

  test('tells of messages of a newer version that they are left to others', async () => {
    await deployed('migrating', (orders) => orders.send({}, { id: 'e' }))
    const { code, stdout } = await run('first', 'machines', 'check', '--module', MODULE, '--json')
    expect(code).toBe(0)
    expect(facts(stdout)).toContainEqual({ machine: 'order@2', state: 'inReview', fate: 'left', count: 1 })
  })

  test.each([
    ['a queue that the module does not define', ['check', 'order', '--module', MODULE], 3, 'Did you mean "orders"?'],
    ['no module', ['check'], 2, "required option '--module <file>' not specified"],
    ['an unknown verb', ['chek'], 2, "unknown command 'chek'"],
  ])('refuses %s', async (_, args, code, text) => {
    const end = await run('first', 'machines', ...args)
    expect(end).toMatchObject({ code, stderr: expect.stringContaining(text) })
  })
})

describe('machines migrate', () => {
  test('--dry-run shows what would happen: where to, which timers begin, and what fails on whom', async () => {
    const { code, stdout } = await run('migrating', 'machines', 'migrate', '--dry-run', '--module', MODULE, '--json')
    expect(code).toBe(5)
    const groups = ndjson(stdout)
    expect(groups).toContainEqual(
      expect.objectContaining({
        state: 'waiting',
        fate: 'moves',
        to: 'inReview',
        count: 2,
        begins: { 'xstate.after.remind.order.inReview': 2 },
        ends: {},
      }),
    )
    expect(groups).toContainEqual(
      expect.objectContaining({
        state: 'held',
        fate: 'orphaned',
        count: 1,
        reasons: [{ reason: 'Error: what is a held order?', count: 1, example: 'c' }],
      }),
    )
    await deployed('first', async (orders) => expect(await orders.get('a')).toMatchObject({ state: 'waiting' }))
  })

  test('makes waiting messages move, and lets out of quarantine what fits again', async () => {
    await deployed('renamed', async (orders) => {
      await orders.signal('a', { type: 'APPROVE' })
      await arrives(orders, 'a', '~quarantined')
    })
    const asked = await run('migrating', 'machines', 'migrate', '--module', MODULE)
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('Migrate 2 messages of "orders"?') })

    await deployed('migrating', async (orders) => {
      const { code, stdout } = await run('migrating', 'machines', 'migrate', '--module', MODULE, '--yes', '--json')
      expect(code).toBe(5) // the held one fits nowhere
      expect(new Set(ndjson(stdout).map(({ id, status }) => `${String(id)} ${String(status)}`))).toEqual(
        new Set(['a delivered', 'b delivered']),
      )
      // The approval of the one had waited for this.
      await arrives(orders, 'a', 'paid')
      await arrives(orders, 'b', 'inReview')
    })
    const after = await run('migrating', 'machines', 'migrate', '--module', MODULE, '--yes')
    expect(after).toMatchObject({ code: 5, stdout: '', stderr: 'no messages to migrate\n' })
  })
})

describe('machines ls', () => {
  test('counts the messages of each version, and tells when it came', async () => {
    await deployed('migrating', (orders) => orders.send({}, { id: 'e' }))
    const { code, stdout } = await run('first', 'machines', 'ls', '--json')
    expect(code).toBe(0)
    expect(ndjson(stdout)).toEqual([
      expect.objectContaining({
        queue: 'orders',
        id: 'order',
        version: '1',
        live: 3,
        finished: 1,
        states: { held: 1, waiting: 2 },
        arrivedAt: expect.any(Number),
      }),
      expect.objectContaining({ version: '2', live: 1, finished: 0, states: { inReview: 1 } }),
    ])
    const shown = await run('first', 'machines', 'ls', 'orders')
    expect(shown.stdout).toMatch(/^QUEUE +MACHINE +LIVE +FINISHED +STATES +ARRIVED\norders +order@1#/)
  })
})
