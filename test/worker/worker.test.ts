import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMachine } from 'xstate'
import {
  createMemoryStore,
  Redrive,
  silentLogger,
  type HandlerContext,
  type Logger,
  type MemoryStore,
  type Queue,
  type QueueOptions,
} from '../../src/index.ts'
import { gate, inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

const QUICK = { retry: { attempts: 3, backoff: { type: 'fixed', delay: 10, jitter: 'none' } } } as const

/** A handler that works until it is told to stop, and counts. */
function patient() {
  const started: HandlerContext[] = []
  const reasons: string[] = []
  return {
    started,
    reasons,
    handler: (_: unknown, context: HandlerContext) =>
      new Promise((_resolve, reject) => {
        started.push(context)
        context.signal.addEventListener('abort', () => {
          reasons.push((context.signal.reason as { code: string }).code)
          reject(context.signal.reason as Error)
        })
      }),
  }
}

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('a worker on %s', (_, openBackend) => {
  let backend: TestBackend
  let queues = 0
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())
  const fresh = (options: QueueOptions = QUICK, redrive = backend.open()): Queue =>
    redrive.queue(`work-${++queues}`, options)

  test('runs as many handlers as it may, and no more; it claims a few more ahead', async () => {
    const queue = fresh()
    const { handler, started } = patient()
    const worker = queue.work(handler, { concurrency: 5, prefetch: 3 })
    await queue.sendBulk(Array.from({ length: 20 }, (_, i) => ({ input: i })))
    await until(() => started.length === 5 && worker.stats().prefetched === 3)
    const { states } = await queue.stats()
    expect(worker.stats().active).toBe(5)
    expect(states).toMatchObject({ pending: 15, processing: 5 })
    await worker.stop({ timeout: 0 })
  })

  test('stop() lets handlers finish, claims nothing more, and gives back what it holds ready', async () => {
    const queue = fresh()
    const go = gate()
    const started: unknown[] = []
    const worker = queue.work(
      async (input) => {
        started.push(input)
        await go.opened
      },
      { concurrency: 2, prefetch: 2 },
    )
    await queue.sendBulk(Array.from({ length: 6 }, (_, i) => ({ input: i })))
    await until(() => worker.stats().active === 2 && worker.stats().prefetched === 2)
    const stopped = worker.stop()
    await until(async () => (await queue.stats()).nextDue !== null)
    go.open()
    await stopped
    expect(started).toHaveLength(2)
    expect((await queue.stats()).states).toMatchObject({ pending: 4, succeeded: 2, processing: 0 })
  })

  test.each([
    ['at its deadline', (stop: (timeout: number) => Promise<void>) => stop(20)],
    [
      'with a second call',
      (stop: (timeout: number) => Promise<void>) => {
        void stop(60_000)
        return stop(60_000)
      },
    ],
  ])(
    'stop() aborts %s; the interrupted attempt does not count, and another worker goes on at once',
    async (_how, stop) => {
      const queue = fresh()
      const { handler, started, reasons } = patient()
      const worker = queue.work(handler)
      await queue.send('x', { id: 'a' })
      await until(() => started.length === 1)
      await stop((timeout) => worker.stop({ timeout }))
      expect(reasons).toEqual(['E_INTERRUPTED'])
      expect(await queue.get('a')).toMatchObject({
        state: 'processing',
        invocations: [{ running: false }],
        context: { attempt: 1 },
      })
      expect((await queue.get('a'))!.worker).toBeUndefined()

      const attempts: number[] = []
      const second = backend.open().queue(queue.name, QUICK)
      second.work((_input, { attempt }) => void attempts.push(attempt))
      await second.result('a', { timeout: '60s' })
      expect(attempts).toEqual([1])
    },
  )

  test('a result that comes while it is being stopped is kept', async () => {
    const queue = fresh()
    const started = gate()
    const worker = queue.work(async (_input, { signal }) => {
      started.open()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return 'done in time'
    })
    await queue.send('x', { id: 'a' })
    await started.opened
    await worker.stop({ timeout: 0 })
    expect(await queue.result('a', { timeout: '60s' })).toBe('done in time')
  })

  test('reports progress, and what a handler writes to the log', async () => {
    const lines: string[] = []
    const logger: Logger = { debug() {}, info: (text) => lines.push(text), warn() {}, error() {} }
    const queue = fresh(QUICK, backend.open({ logger }))
    const go = gate()
    queue.work(async (_input, { progress, log }) => {
      progress({ percent: 40 })
      log('halfway, nearly')
      await go.opened
    })
    const heard = gate<unknown>()
    queue.on('progress', (event) => heard.open(event))
    await queue.send('x', { id: 'a' })
    await until(async () => (await queue.get('a'))?.progress)
    expect((await queue.get('a'))?.progress).toEqual({ percent: 40 })
    expect(await heard.opened).toEqual({ queue: queue.name, id: 'a', progress: { percent: 40 } })
    expect(lines).toContain('"a": halfway, nearly')
    go.open()
    await queue.result('a', { timeout: '60s' })
    expect((await queue.get('a'))?.progress).toBeUndefined()
  })

  test('what a handler throws that is no error, or returns that cannot be stored, is named and not lost', async () => {
    const queue = fresh({ retry: { attempts: 1 } })
    queue.work((input) => {
      // oxlint-disable-next-line typescript/only-throw-error -- what users do
      if (input === 'throw') throw 'a text'
      return { response: () => {} }
    })
    await queue.send('throw', { id: 'thrown' })
    await queue.send('return', { id: 'returned' })
    await expect(queue.result('thrown', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_DEAD' })
    await expect(queue.result('returned', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_DEAD' })
    expect((await queue.get('thrown'))?.context).toMatchObject({ error: { code: 'E_NON_ERROR_THROWN' } })
    expect((await queue.get('returned'))?.context).toMatchObject({
      reason: 'fatal',
      error: { code: 'E_UNSERIALIZABLE' },
    })
  })

  test('a listener that throws harms nobody', async () => {
    const queue = fresh()
    const worker = queue.work(() => 'ok')
    worker.on('transition', () => {
      throw new Error('a bad listener')
    })
    await queue.send('x', { id: 'a' })
    expect(await queue.result('a', { timeout: '60s' })).toBe('ok')
  })

  test('several queues work in one process', async () => {
    const redrive = backend.open()
    const names = ['a', 'b', 'c'].map((name) => `${name}-${++queues}`)
    for (const name of names) redrive.queue(name).work(() => name)
    const results = names.map(async (name) => {
      await redrive.queue(name).send({}, { id: 'x' })
      return redrive.queue(name).result('x', { timeout: '60s' })
    })
    expect(await Promise.all(results)).toEqual(names)
  })

  test('missing and superfluous handlers are refused, with the names that are possible', async () => {
    const machine = createMachine({
      id: 'order',
      initial: 'charging',
      states: {
        charging: { invoke: { id: 'charge', src: 'chargeCard', onDone: 'shipping' } },
        shipping: { invoke: { id: 'ship', src: 'ship', onDone: 'done' } },
        done: { type: 'final' },
      },
    })
    const queue = fresh({ machine })
    const ok = async (): Promise<void> => {}
    expect(() => queue.work({ chargeCard: ok })).toThrow(/E_MISSING_HANDLER.*"ship"/)
    expect(() => queue.work({ chargeCart: ok, ship: ok })).toThrow(/E_UNKNOWN_HANDLER.*Did you mean "chargeCard"/)
    expect(() => queue.work(ok)).toThrow(/E_MISSING_HANDLER.*2 actors/)
    const worker = queue.work({ chargeCard: ok, ship: ok })
    await queue.send({}, { id: 'a' })
    await queue.result('a', { timeout: '60s' })
    expect((await queue.history('a')).map(({ to }) => to)).toEqual(['charging', 'shipping', 'done'])
    await worker.stop()
  })

  test('a machine that throws puts its message aside, visibly, and the others go on', async () => {
    const machine = createMachine({
      id: 'fragile',
      context: ({ input }) => ({ ...(input as { bad: boolean }) }),
      initial: 'waiting',
      states: {
        waiting: {
          after: {
            10: {
              target: 'done',
              guard: ({ context }) => {
                if (context.bad) throw new Error('a guard with a fault')
                return true
              },
            },
          },
        },
        done: { type: 'final' },
      },
    })
    const queue = fresh({ machine })
    queue.work({})
    await queue.send({ bad: true }, { id: 'bad' })
    await queue.send({ bad: false }, { id: 'good' })
    await queue.result('good', { timeout: '60s' })
    const bad = await until(async () => (await queue.list({ state: '~quarantined' }))[0])
    expect(bad).toMatchObject({ id: 'bad', attentionAt: null, context: { bad: true } })
    expect(bad.quarantine?.reason).toMatch(/a guard with a fault/)
  })

  test('tells how late due messages were claimed', async () => {
    const queue = fresh()
    const worker = queue.work(() => 'ok')
    await queue.sendBulk(Array.from({ length: 30 }, (_, i) => ({ input: i, delay: 20 + i })))
    await until(() => worker.stats().processed >= 30)
    const { lag } = worker.stats()
    expect(lag.count).toBeGreaterThanOrEqual(30)
    expect(lag.p50).toBeGreaterThanOrEqual(0)
    expect(lag.max).toBeGreaterThanOrEqual(lag.p50)
  })
})

test('a worker without its Redis says so by ready() and by its event', async () => {
  const redrive = new Redrive({ redis: 'unix:///nowhere/redis.sock', commandTimeout: '1s' })
  const worker = redrive.queue('q').work(() => {})
  const heard = gate<Error>()
  worker.on('error', heard.open)
  await expect(worker.ready()).rejects.toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
  expect(await heard.opened).toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
  await redrive.close()
})

test('an event that is announced while a round is still to be answered is not overheard', async () => {
  const store = createMemoryStore()
  const [written, answered] = [gate(), gate()]
  const round: MemoryStore['round'] = async (...given) => {
    const result = await store.round(...given)
    if (result.started.length === 0) return result
    written.open()
    await answered.opened
    return result
  }
  // Which would tell of it later.
  const heartbeat: MemoryStore['heartbeat'] = () => Promise.reject(new Error('no heartbeat'))
  const redrive = new Redrive({ store: { ...store, round, heartbeat }, logger: silentLogger })
  const queue = redrive.queue('jobs')
  const { handler, reasons } = patient()
  queue.work(handler)
  await queue.send({}, { id: 'a' })
  await written.opened
  await queue.cancel('a')
  answered.open()
  await expect(queue.result('a', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_CANCELLED' })
  expect(reasons).toEqual(['E_CANCELLED'])
  await redrive.close()
})
