/** Every public call while Redis is away ends in its time. A call that no table here names fails the test of the names. */
import { afterEach, describe, expect, test } from '@jest/globals'
import { examine } from '../../src/client/doctor/examine.ts'
import { ERROR_CODES, Redrive, silentLogger, type Operation, type Queue, type Worker } from '../../src/index.ts'
import { SyncedClock } from '../../src/clock.ts'
import { createBeginning } from '../../src/worker/beginning.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

/** The `commandTimeout` of the clients, in milliseconds. */
const PATIENCE = 1000
/** A call that has not ended by then hangs. */
const HANGS = 9 * PATIENCE

interface Scene {
  readonly redrive: Redrive
  readonly queue: Queue
  readonly worker: Worker
  /** There only when the server was there before. */
  readonly operation: Operation | undefined
}

type Call = (scene: Scene) => unknown
type Calls = Readonly<Record<string, Call>>

const WAIT = { wait: 300 }
const PENDING = { action: 'cancel', filter: { state: 'pending' } } as const

/** Called from outside of Redrive by nobody: its own parts and tests extend the class. */
const PROTECTED = ['constructor', 'openQueue', 'openDisk', 'opened']

const CLIENT: Calls = {
  ready: ({ redrive }) => redrive.ready(),
  url: ({ redrive }) => redrive.url(),
  queue: ({ redrive }) => redrive.queue('another'),
  health: ({ redrive }) => redrive.health(),
  drained: ({ redrive }) => redrive.drained(),
  audit: ({ redrive }) => redrive.audit(),
  queues: ({ redrive }) => redrive.queues(),
  close: ({ redrive }) => redrive.close({ timeout: 0 }),
  [String(Symbol.asyncDispose)]: ({ redrive, worker }) =>
    worker.stop({ timeout: 0 }).then(() => redrive[Symbol.asyncDispose]()),
}

const QUEUE: Calls = {
  send: ({ queue }) => queue.send('x'),
  sendBulk: ({ queue }) => queue.sendBulk([{ input: 'x' }, { input: 'y' }]),
  get: ({ queue }) => queue.get('a'),
  history: ({ queue }) => queue.history('a'),
  list: ({ queue }) => queue.list({ state: 'pending' }),
  stats: ({ queue }) => queue.stats(),
  population: ({ queue }) => queue.population(),
  result: ({ queue }) => queue.result('a', { timeout: 300 }),
  watch: ({ queue }) => firstOf((signal) => queue.watch('a', { signal })),
  feed: ({ queue }) => firstOf((signal) => queue.feed({ signal })),
  signal: ({ queue }) => queue.signal('a', { type: 'CANCEL' }, WAIT),
  cancel: ({ queue }) => queue.cancel('a', WAIT),
  retry: ({ queue }) => queue.retry('a', WAIT),
  redrive: ({ queue }) => queue.redrive('a', WAIT),
  release: ({ queue }) => queue.release('a'),
  remove: ({ queue }) => queue.remove('a'),
  hold: ({ queue }) => queue.hold('a', async () => queue.get('a')),
  trim: ({ queue }) => queue.trim(),
  work: ({ queue }) => queue.work(() => 'ok').stop({ timeout: 0 }),
  on: ({ queue }) => queue.on('transition', () => {})(),
  pause: ({ queue }) => queue.pause(),
  resume: ({ queue }) => queue.resume(),
  isPaused: ({ queue }) => queue.isPaused(),
  edit: ({ queue }) => queue.edit('a', 'z', WAIT),
  operate: async ({ queue }) => {
    const operation = await queue.operate(PENDING)
    operation.stop()
    await operation.finished
  },
  preview: ({ queue }) => queue.preview(PENDING),
  undo: ({ queue }) => queue.undo('op-1'),
  workers: ({ queue }) => queue.workers(),
}

const WORKER: Calls = {
  ready: ({ worker }) => worker.ready(),
  stop: ({ worker }) => worker.stop({ timeout: 0 }),
  stats: ({ worker }) => worker.stats(),
  on: ({ worker }) => worker.on('error', () => {})(),
}

const OPERATION: Calls = {
  stop: ({ operation }) => {
    operation?.stop()
    return operation?.finished
  },
}

/** Of the command line, with a connection of its own. */
const DOCTOR: Calls = {
  examine: () => examine({ redis: redis.url, prefix: 'rd', commandTimeout: PATIENCE, full: true }),
}

const ALL = Object.entries({ CLIENT, QUEUE, WORKER, OPERATION, DOCTOR }).flatMap(([of, calls]) =>
  Object.entries(calls).map(([name, call]) => [`${of.toLowerCase()}.${name}`, call] as const),
)

/** The calls that take a signal. */
const SIGNALLED: Readonly<Record<string, (queue: Queue, signal: AbortSignal) => Promise<unknown>>> = {
  result: (queue, signal) => queue.result('a', { signal }),
  operate: (queue, signal) => queue.operate(PENDING, { signal }),
  'operate of ids': (queue, signal) => queue.operate({ action: 'cancel', ids: ['a'] }, { signal }),
  preview: (queue, signal) => queue.preview(PENDING, { signal }),
}
const GENERATORS: Readonly<Record<string, (queue: Queue, signal: AbortSignal) => AsyncGenerator>> = {
  watch: (queue, signal) => queue.watch('a', { signal }),
  'watch from the start': (queue, signal) => queue.watch('a', { signal, from: 'start' }),
  feed: (queue, signal) => queue.feed({ signal }),
  'feed from the start': (queue, signal) => queue.feed({ signal, from: 'start' }),
}

/** Takes what there is until its time is over: only its signal ends it. */
async function firstOf(open: (signal: AbortSignal) => AsyncGenerator): Promise<unknown> {
  const ended = new AbortController()
  setTimeout(() => ended.abort(), 300)
  return open(ended.signal).next()
}

const functionsOf = (...objects: object[]): string[] =>
  objects
    .flatMap((object) =>
      Reflect.ownKeys(object).filter((key) => typeof (object as Record<PropertyKey, unknown>)[key] === 'function'),
    )
    .map(String)
    .filter((name) => !PROTECTED.includes(name))
    .toSorted()

const clients: Redrive[] = []
let redis: TestRedis
afterEach(async () => {
  await redis.server.kill('SIGCONT')
  await Promise.all(clients.splice(0).map((client) => client.close({ timeout: 0 })))
  await redis.stop()
}, 120_000)

function open(commandTimeout: number): Redrive {
  const redrive = new Redrive({ redis: redis.url, logger: silentLogger, commandTimeout })
  clients.push(redrive)
  return redrive
}

async function prepared(): Promise<Scene> {
  const redrive = open(PATIENCE)
  const queue = redrive.queue(`q${clients.length}`)
  let worker: Worker | undefined
  const busy = new Promise<void>((resolve) => {
    worker = queue.work(async (_input, { signal }) => {
      resolve()
      await new Promise((over) => {
        signal.addEventListener('abort', over)
      })
    })
  })
  await worker!.ready()
  await queue.sendBulk([
    { input: 'x', id: 'a', delay: '1h' },
    { input: 'x', id: 'busy' },
  ])
  await busy
  const operation = await queue.operate({ ...PENDING, ratePerSecond: 1 })
  return { redrive, queue, worker: worker!, operation }
}

/** One after the other: many at once would not be through in the time of one. */
async function preparedAll(): Promise<Scene[]> {
  const scenes: Scene[] = []
  while (scenes.length < ALL.length) scenes.push(await prepared())
  return scenes
}

function unconnected(): Scene {
  const redrive = open(PATIENCE)
  const queue = redrive.queue('q')
  const worker = queue.work(() => 'ok')
  worker.ready().catch(() => {})
  return { redrive, queue, worker, operation: undefined }
}

/** How a call ended: `in time`, or what is wrong with it. */
async function endOf(name: string, begun: Promise<unknown>): Promise<string> {
  let guard: NodeJS.Timeout | undefined
  const hangs = new Promise<string>((resolve) => {
    guard = setTimeout(() => resolve(`${name} hangs`), HANGS)
  })
  const ended = begun.then(
    () => 'in time',
    (error: unknown) => {
      const code = error instanceof Error && 'code' in error ? String(error.code) : ''
      return code in ERROR_CODES ? 'in time' : `${name} fails with ${String(error)}`
    },
  )
  const end = await Promise.race([ended, hangs])
  clearTimeout(guard)
  return end
}

/** A call that throws at once is as good as one that rejects. */
const begin = async (call: Call, scene: Scene): Promise<unknown> => call(scene)

const begunAll = (scenes: readonly Scene[]): Promise<string>[] =>
  ALL.map(([name, call], i) => endOf(name, begin(call, scenes[i]!)))

test('the tables name every public call', async () => {
  redis = await startTestRedis()
  const { redrive, queue, worker, operation } = await prepared()
  expect(functionsOf(redrive, Redrive.prototype)).toEqual(Object.keys(CLIENT).toSorted())
  expect(functionsOf(queue)).toEqual(Object.keys(QUEUE).toSorted())
  expect(functionsOf(worker)).toEqual(Object.keys(WORKER).toSorted())
  expect(functionsOf(operation!)).toEqual(Object.keys(OPERATION).toSorted())
}, 60_000)

describe.each(['SIGKILL', 'SIGSTOP'] as const)('after a %s of the server every call ends in its time', (how) => {
  const inTime = ALL.map(() => 'in time')

  test('that begins later', async () => {
    redis = await startTestRedis()
    const scenes = await preparedAll()
    await redis.server.kill(how)
    expect(await Promise.all(begunAll(scenes))).toEqual(inTime)
  }, 120_000)

  test('that is under way', async () => {
    redis = await startTestRedis()
    const scenes = await preparedAll()
    const ends = begunAll(scenes)
    process.kill(redis.server.pid, how)
    expect(await Promise.all(ends)).toEqual(inTime)
  }, 120_000)

  test('that waits', async () => {
    redis = await startTestRedis()
    const scenes = await preparedAll()
    const ends = begunAll(scenes)
    await Promise.all(scenes.map(({ queue }) => queue.stats().catch(() => {})))
    process.kill(redis.server.pid, how)
    expect(await Promise.all(ends)).toEqual(inTime)
  }, 120_000)

  test('of a client that was never connected', async () => {
    redis = await startTestRedis()
    await redis.server.kill(how)
    expect(await Promise.all(begunAll(ALL.map(() => unconnected())))).toEqual(inTime)
  }, 120_000)
})

test('the doctor is told when the server hangs while it looks', async () => {
  redis = await startTestRedis()
  await open(PATIENCE).queue('q').send('x')
  const monitor = await redis.client({ retryStrategy: () => null }).monitor()
  monitor.on('error', () => {})
  monitor.on('monitor', (_time: string, [name]: string[]) => {
    if (name?.toLowerCase() === 'hgetall') process.kill(redis.server.pid, 'SIGSTOP')
  })
  await expect(examine({ redis: redis.url, prefix: 'rd', commandTimeout: PATIENCE })).rejects.toMatchObject({
    code: 'E_REDIS_UNAVAILABLE',
  })
  monitor.disconnect()
}, 60_000)

test('ready() of a worker ends though its subscription waits for the server', async () => {
  const beginning = createBeginning(
    { clock: new SyncedClock(), patience: 50 },
    () => new Promise(() => {}),
    () => {},
  )
  await expect(beginning.ready()).rejects.toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
  await beginning.giveUp()
})

describe.each(['a client that was connected', 'a client that never was'])('with a time-out of minutes, %s', (which) => {
  async function away(): Promise<Queue> {
    redis = await startTestRedis()
    const queue = open(600_000).queue('q')
    if (which === 'a client that was connected') await queue.send('x', { id: 'a', delay: '1h' })
    await redis.server.kill('SIGSTOP')
    return queue
  }

  test.each(Object.entries(SIGNALLED))(
    '%s ends by its signal, with its reason',
    async (_, call) => {
      const queue = await away()
      const [before, during] = [new AbortController(), new AbortController()]
      const reason = new Error('enough')
      before.abort(reason)
      await expect(call(queue, before.signal)).rejects.toBe(reason)
      const begun = call(queue, during.signal)
      setImmediate(() => during.abort(reason))
      await expect(begun).rejects.toBe(reason)
    },
    30_000,
  )

  test.each(Object.entries(GENERATORS))(
    '%s ends by its signal',
    async (_, call) => {
      const queue = await away()
      const ended = new AbortController()
      const next = call(queue, ended.signal).next()
      setImmediate(() => ended.abort())
      expect(await next).toEqual({ done: true, value: undefined })
    },
    30_000,
  )

  test('result() ends by its time-out', async () => {
    const queue = await away()
    await expect(queue.result('a', { timeout: 100 })).rejects.toMatchObject({ code: 'E_TIMEOUT' })
  }, 30_000)
})
