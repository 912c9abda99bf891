import type { Queue } from '../client/queue.ts'
import { RedriveError } from '../errors.ts'
import type { JournalEntry } from '../message.ts'
import { show, toInteger, toMs, toOptions, type Duration } from '../options.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { stderrLogger, type Logger } from '../telemetry/log.ts'
import { createActivity } from './activity.ts'
import { TestClient } from './client.ts'
import { createCrashPlan, type Crash, type CrashOptions, type CrashPoint } from './crash-point.ts'
import { createDirector, type TurnTaken } from './director.ts'
import { createGate, type Gate } from './gate.ts'
import { awaitTest } from './handler-run.ts'
import { journalTable } from './journal-table.ts'
import { clockOf, createChance, createTimeline } from './timeline.ts'
import { createTurns, type World } from './world.ts'

export interface TestRedriveOptions {
  /** Where the simulated clock stands at first. Default: 2030-01-01T00:00:00Z. */
  readonly start?: Date | string | number
  /** Of all chance, such as the jitter of a backoff. Default 1. */
  readonly seed?: number
  /**
   * For how long a drain waits, in real time, for a handler from which nothing is heard, before it takes it for one that waits. Only
   * such a handler ever costs this time. Default 100 ms.
   */
  readonly patience?: Duration
  /** Default: warnings and errors to stderr. */
  readonly logger?: Logger
}

/** A queue, or its name. */
export type QueueRef = string | Pick<Queue, 'name'>

/** A Redrive in memory whose time is the test's. Nothing fires and no worker acts but within `drain`, `runOne` and `advance`. */
export interface TestRedrive {
  /** For code that takes a client. */
  readonly redrive: TestClient
  /** As of a client; each call of its `work()` starts a worker process of its own. */
  readonly queue: TestClient['queue']
  /** The simulated clock: milliseconds since 1970. */
  now(): number
  /**
   * Lets the workers run until nothing is due and nothing runs. A handler that waits (for a gate or the simulated clock, or for
   * something that does not come within `patience`) is left waiting.
   * @throws RedriveError `E_EXPECTATION` when there is no end to it.
   */
  drain(): Promise<void>
  /**
   * Lets the message that has been due for longest take one turn: from its claim until its worker lets it go, or its handler waits.
   * That is one attempt of the default machine, and of a longer machine as many steps as follow each other without a wait. Resolves
   * with what it was, or with `undefined` when nothing is due.
   */
  runOne(): Promise<TurnTaken | undefined>
  /** Drains, then moves the clock from one due instant to the next in order, and drains at each, until so much has passed. */
  advance(duration: Duration): Promise<void>
  /** For handlers: waits on the simulated clock. */
  sleep(duration: Duration): Promise<void>
  /** For handlers: a place to wait until the test lets them go on. */
  gate<T = void>(): Gate<T>
  /** Messages whose handlers wait. */
  readonly waiting: readonly TurnTaken[]
  /**
   * Lets the worker process die that comes to this point next; another one with the same handlers takes its place. What the dead one
   * held is taken over when its lease ends: `advance('30s')`, unless the queue says otherwise.
   * @throws RedriveError `E_INVALID_OPTION`
   */
  crashAt(point: CrashPoint, options?: CrashOptions): Crash
  /** All that were armed; `reached` tells whether they happened. */
  readonly crashes: readonly Crash[]
  /** @throws RedriveError `E_EXPECTATION` with the journal, when the message is in another state or is not there. */
  expectState(queue: QueueRef, id: string, state: string): Promise<void>
  /** The journal, oldest first. @throws RedriveError `E_NOT_FOUND` */
  history(queue: QueueRef, id: string): Promise<readonly JournalEntry[]>
  /**
   * Ends all processes as they stand, and closes the client.
   * @throws RedriveError `E_EXPECTATION` when a crash was armed that never happened.
   */
  close(): Promise<void>
}

/**
 * @example
 * const t = createTestRedrive()
 * const emails = t.queue('emails')
 * emails.work(() => 'sent')
 * await emails.send({ to: 'ada' }, { id: 'e1', delay: '3d' })
 * await t.advance('3d')
 * await t.expectState(emails, 'e1', 'succeeded')
 */
export function createTestRedrive(options: TestRedriveOptions = {}): TestRedrive {
  toOptions(options, 'createTestRedrive()', { start: true, seed: true, patience: true, logger: true })
  const world = createWorld(options)
  const { timeline, activity, crashes } = world
  const store = { ...world.store }
  const client = {}
  const logger = options.logger ?? stderrLogger
  const patience = toMs(options.patience ?? 100, 'patience', { min: 1, max: 60_000 })
  const director = createDirector(world, patience)
  const redrive: TestClient = new TestClient(
    {
      logger,
      store: {
        ...store,
        clock: clockOf(timeline, world.chance, client),
        enqueue: (...args) => (activity.stir(), store.enqueue(...args)),
        deliver: (...args) => (activity.stir(), store.deliver(...args)),
      },
    },
    (queue, queueOptions, handlers, worker = {}) =>
      director.work({ queue, options: queueOptions, others: redrive.options, handlers, worker, logger }),
  )

  function queueOf(queue: QueueRef): Queue {
    return redrive.queue(typeof queue === 'string' ? queue : queue.name)
  }

  return {
    redrive,
    queue: redrive.queue.bind(redrive),
    now: timeline.now,
    drain: director.drain,
    runOne: director.runOne,
    advance: (duration) => director.advance(toMs(duration, 'duration')),
    sleep: (duration) => {
      const ms = toMs(duration, 'duration')
      return awaitTest(new Promise((resolve) => void timeline.schedule(director, ms, resolve)))
    },
    gate: createGate,
    get waiting() {
      return director.waiting
    },
    crashAt: crashes.arm,
    crashes: crashes.crashes,
    expectState: (queue, id, state) => expectState(queueOf(queue), id, state),
    history: (queue, id) => queueOf(queue).history(id),
    async close() {
      director.end()
      await redrive.close({ timeout: 0 })
      expectReached(crashes.crashes)
    },
  }
}

function createWorld({ start = '2030-01-01T00:00:00Z', seed = 1 }: TestRedriveOptions): World {
  const at = new Date(start).getTime()
  if (Number.isNaN(at))
    throw new RedriveError('E_INVALID_OPTION', `start must be a date; got ${show(start)}.`, { path: 'start' })
  const timeline = createTimeline(at)
  const chance = createChance(toInteger(seed, 'seed'))
  return {
    timeline,
    chance,
    store: createMemoryStore({ clock: clockOf(timeline, chance, {}) }),
    activity: createActivity(),
    crashes: createCrashPlan(),
    turns: createTurns(),
  }
}

async function expectState(queue: Queue, id: string, state: string): Promise<void> {
  const message = await queue.get(id)
  if (message?.state === state) return
  const where = `"${id}" of "${queue.name}"`
  if (!message) throw new RedriveError('E_EXPECTATION', `${where} should be in "${state}", and is not there.`, { id })
  const why = message.quarantine ? `\n  put aside: ${message.quarantine.reason}` : ''
  throw new RedriveError(
    'E_EXPECTATION',
    `${where} should be in "${state}", and is in "${message.state}".${why}\n${journalTable(message.history)}`,
    { id, expected: state, actual: message.state },
  )
}

function expectReached(crashes: readonly Crash[]): void {
  const missed = crashes.filter(({ reached }) => !reached).map(({ point }) => point)
  if (missed.length === 0) return
  throw new RedriveError(
    'E_EXPECTATION',
    `a crash was armed that never happened: ${missed.join(', ')}. What was to be tested with it was not.`,
    { missed },
  )
}
