/** What a message costs. Everything is counted and nothing is timed, so a slow machine gives the same figures. */
import { createHook } from 'node:async_hooks'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import type { Redis } from 'ioredis'
import { createMachine, initialTransition, StateMachine, transition } from 'xstate'
import type { HandlerContext, Queue, QueueOptions, Redrive } from '../../src/index.ts'
import { gate, onRedis } from '../support/backends.ts'

/** XState binds this method when it makes a machine, so the spy comes before all machines. */
const steps = jest.spyOn(StateMachine.prototype, 'transition')

const ORDER = createMachine({
  id: 'order',
  context: ({ input }) => ({ order: input }),
  initial: 'charging',
  states: {
    charging: {
      invoke: { id: 'charge', src: 'charge', input: ({ context }): unknown => context.order, onDone: 'done' },
    },
    done: { type: 'final', tags: ['succeeded'] },
  },
})

const QUICK = { attempts: 3, backoff: { type: 'fixed', delay: 1, jitter: 'none' } } as const
const CALLERS = 100
const BARE = { at: 0, event: 'order.created', customer: 'ada@example.com', amount: 4200, note: '' }
/** 129 bytes of JSON, as in the benchmark. */
const PAYLOAD = { ...BARE, note: 'x'.repeat(129 - JSON.stringify(BARE).length) }

let backend: Awaited<ReturnType<typeof onRedis>>
let redis: Redis
let redrive: Redrive
let queues = 0

beforeAll(async () => {
  backend = await onRedis()
  redis = backend.redis.client()
  redrive = backend.open()
  // A new connection asks what the server can do, and scripts are loaded at their first call.
  for (const options of [{}, { machine: ORDER }]) {
    const queue = fresh(options)
    await sendBulk(queue, 100)
    await work(queue, 100)
  }
})
afterAll(() => backend.stop())

const fresh = (options: QueueOptions = {}): Queue =>
  redrive.queue(`cost-${++queues}`, { retention: { succeeded: 0 }, ...options })

const sendBulk = (queue: Queue, count: number): Promise<unknown> =>
  queue.sendBulk(Array.from({ length: count }, () => ({ input: PAYLOAD })))

async function sendSingly(queue: Queue, count: number): Promise<void> {
  let sent = 0
  const caller = async (): Promise<void> => {
    while (sent++ < count) await queue.send(PAYLOAD)
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
}

/** Works until so many messages have succeeded and are committed. */
async function work(queue: Queue, count: number, { failures = 0 } = {}): Promise<void> {
  const all = gate()
  let succeeded = 0
  const handler = async (_: unknown, { attempt }: HandlerContext): Promise<void> => {
    if (attempt <= failures) throw new Error('not yet')
    if (++succeeded === count) all.open()
  }
  const worker = queue.work(handler, { concurrency: 100 })
  await all.opened
  await worker.stop()
}

/**
 * Figures a message: calls by the name of the command, calls of all commands inside scripts, promises, and steps that XState took.
 * A command that has no bound of its own has that of `each`.
 */
type Figures = Readonly<Record<string, number>>
type Bounds = Figures & Readonly<Record<'each' | 'evalsha' | 'inScripts' | 'promises' | 'steps', number>>

/** What clients call themselves. All other commands are called by scripts. */
const BY_CLIENTS = /^(evalsha|eval|script|info|config|(un)?subscribe|client|hello|ping)\b/

async function costOf(count: number, act: () => Promise<unknown>): Promise<Figures> {
  let promises = 0
  const hook = createHook({ init: (_id, type) => void (promises += type === 'PROMISE' ? 1 : 0) })
  await redis.config('RESETSTAT')
  steps.mockClear()
  hook.enable()
  await act()
  hook.disable()
  const stats = await redis.info('commandstats')
  const calls = [...stats.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)].map(([, name, n]) => [name!, Number(n)] as const)
  const inScripts = calls.reduce((sum, [name, n]) => (BY_CLIENTS.test(name) ? sum : sum + n), 0)
  const totals = { ...Object.fromEntries(calls), inScripts, promises, steps: steps.mock.calls.length }
  return Object.fromEntries(Object.entries(totals).map(([name, n]) => [name, n / count]))
}

/** The names of what costs too much, with the figure and its bound. */
const over = (figures: Figures, bounds: Bounds): Record<string, string> =>
  Object.fromEntries(
    Object.entries(figures)
      .map(([name, figure]) => [name, figure, bounds[name] ?? bounds.each] as const)
      .filter(([, figure, bound]) => figure > bound)
      .map(([name, figure, bound]) => [name, `${figure} a message, at most ${bound}`]),
  )

interface Scenario {
  readonly name: string
  readonly count: number
  readonly options?: QueueOptions
  readonly isSentBefore: boolean
  readonly act: (queue: Queue, count: number) => Promise<unknown>
  readonly bounds: Bounds
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'sent in bulk',
    count: 1000,
    isSentBefore: false,
    act: sendBulk,
    bounds: {
      hset: 1.25, // 1 measured
      each: 0.03, // 0.022 measured, of publish
      inScripts: 1.4, // 1.11 measured
      evalsha: 0.017, // 0.013 measured
      promises: 3.2, // 2.6 measured
      steps: 0, // 0 measured
    },
  },
  {
    name: `sent by ${CALLERS} callers at the same time`,
    count: 1000,
    isSentBefore: false,
    act: sendSingly,
    bounds: {
      hset: 1.25, // 1 measured
      each: 0.1, // 0.08 measured, of publish
      inScripts: 1.75, // 1.35 to 1.38 measured
      evalsha: 0.055, // 0.040 to 0.043 measured
      promises: 6, // 4.8 to 4.9 measured
      steps: 0, // 0 measured
    },
  },
  {
    name: 'processed by the short way',
    count: 1000,
    isSentBefore: true,
    act: work,
    bounds: {
      hset: 1.25, // 1.003 measured
      hgetall: 1.25, // 1.002 measured
      set: 1.25, // 1.02 measured
      hget: 1.25, // 1.002 measured
      each: 0.06, // 0.047 measured, of del
      inScripts: 5.5, // 4.43 measured
      evalsha: 0.035, // 0.027 measured
      promises: 7.2, // 5.8 measured
      steps: 0.01, // 0 measured: the plan takes all steps, those of the recipe too
    },
  },
  {
    name: 'that fails twice and then succeeds',
    count: 500,
    options: { retry: QUICK },
    isSentBefore: true,
    act: (queue, count) => work(queue, count, { failures: 2 }),
    // The start of some takes the short way and of some the plain path, so these figures vary.
    bounds: {
      hmget: 10, // 7.7 to 8.0 measured
      hset: 9.3, // 7.3 to 7.5 measured
      zadd: 8.5, // 6.8 to 7.0 measured
      hincrby: 8.5, // 6.7 to 7.0 measured
      get: 7, // 5.5 to 5.6 measured
      set: 7, // 5.4 to 5.6 measured
      zrem: 7, // 5.4 to 5.5 measured
      exists: 5.8, // 4.5 to 4.6 measured
      hdel: 5.6, // 4.3 to 4.5 measured
      del: 3.8, // 3.04 measured
      hgetall: 3.8, // 3.01 measured
      lrange: 3.1, // 2.3 to 2.5 measured
      each: 0.3, // 0.15 to 0.22 measured, of time
      inScripts: 80, // 63 to 65 measured
      evalsha: 0.3, // 0.17 to 0.22 measured
      promises: 80, // 63 to 65 measured
      steps: 0.01, // 0 measured, and 5.4 to 5.5 without the plan
    },
  },
  {
    name: "of a machine of one's own",
    count: 500,
    options: { machine: ORDER },
    isSentBefore: true,
    act: work,
    bounds: {
      hmget: 3.8, // 3.002 measured
      hset: 2.5, // 2.006 measured
      zadd: 2.5, // 2.002 measured
      hincrby: 2.5, // 2.002 measured
      get: 2.5, // 2.012 measured
      set: 2.5, // 2.012 measured
      zrem: 1.25, // 1.002 measured
      exists: 1.3, // 1.02 measured
      del: 1.3, // 1.014 measured
      hgetall: 1.25, // 1.006 measured
      lrange: 1.25, // 1.002 measured
      each: 0.045, // 0.032 to 0.038 measured, of time
      inScripts: 23, // 18.2 measured
      evalsha: 0.053, // 0.038 to 0.042 measured
      promises: 28, // 22.4 to 22.6 measured
      steps: 0.01, // 0 measured, and 1 without the plan
    },
  },
]

test.each(SCENARIOS)('a message $name costs no more', async ({ count, options, isSentBefore, act, bounds }) => {
  const queue = fresh(options)
  if (isSentBefore) await sendBulk(queue, count)
  expect(over(await costOf(count, () => act(queue, count)), bounds)).toEqual({})
})

test('a queued message takes at most 520 bytes of Redis', async () => {
  // A server of its own: the figure depends on how full the table of all keys is.
  const own = await onRedis()
  try {
    const client = own.redis.client()
    const queue = own.open().queue('cost')
    const usedMemory = async (): Promise<number> => Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))![1])
    await sendBulk(queue, 1)
    const before = await usedMemory()
    await sendBulk(queue, 5000)
    expect(((await usedMemory()) - before) / 5000).toBeLessThanOrEqual(520) // 489 to 495 measured
  } finally {
    await own.stop()
  }
})

// A guard whose count has come loose would never fail.
test('commands, promises and steps are counted', async () => {
  const figures = await costOf(1, async () => {
    await redis.eval("return redis.call('hset', KEYS[1], 'a', '1')", 1, 'counted')
    const [start] = initialTransition(ORDER)
    transition(ORDER, start, { type: 'xstate.done.actor.charge' })
  })
  expect(figures).toMatchObject({ hset: 1, inScripts: 1, steps: 1 })
  expect(figures['promises']).toBeGreaterThan(0)
})
