import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { AdvanceSettings } from '../engine/advance.ts'
import { removesAtOnce, type QueueEvents, type QueueRuntime } from '../engine/runtime.ts'
import { asError, reasonOf } from '../errors.ts'
import { createEmitter, type Emitter } from '../events/emitter.ts'
import type { EventData } from '../message.ts'
import { DEFAULTS, toInteger, toMs, toOptions, type Duration } from '../options.ts'
import { takeStep } from '../step/plan/take-step.ts'
import { createJanitor } from '../timer/janitor.ts'
import type { LagReading } from '../timer/lag.ts'
import { createTimerService } from '../timer/timer-service.ts'
import { createBeginning } from './beginning.ts'
import { checkHandlers, type GivenHandlers, type Handler } from './handlers.ts'
import { createHeartbeater } from './heartbeater.ts'
import { createImpatience } from './impatience.ts'
import { createLeftMessages } from './left-messages.ts'
import { createPlainPath } from './plain-path.ts'
import { openQuickLane } from './quick-lane.ts'
import { createQuorumGate } from './quorum-gate.ts'
import { createRegistrar } from './registrar.ts'
import { stopTimeout, type StopOptions } from './stop-options.ts'
import { subscribeAll } from './subscribe-all.ts'
import { createThroughput } from './throughput.ts'
import { createWatchdog } from './watchdog.ts'

export interface WorkerOptions {
  /** Messages whose handlers run at the same time. Default 10; bounds 1–10,000. */
  readonly concurrency?: number
  /**
   * Messages held ready beyond that. Default: what the handlers work off in about 50 ms, at most 100; none of the default machine, whose
   * next message comes with the commit of the one before. One that finds no place within a second goes back, for another worker may be
   * idle; it does not count as an attempt. Bounds 0–10,000.
   */
  readonly prefetch?: number
  /** Name in journals and the feed. Default: host, process id and four characters. */
  readonly name?: string
  /** How long `stop()` waits for handlers before it aborts them. Default `'30s'`. */
  readonly drain?: Duration
}

const WORKER_OPTIONS = { concurrency: true, prefetch: true, name: true, drain: true } as const

/** Its events tell of what it does itself; those of a queue, of all workers. */
export interface Worker<Output = unknown, Emitted = EventData> extends Pick<
  Emitter<QueueEvents<Output, Emitted>>,
  'on'
> {
  readonly name: string
  /**
   * Resolves when it claims; rejects when the connection, the server or the queue is not as it must be. A worker whose server is away tries
   * again each second, and a later `ready()` tells of that.
   */
  ready(): Promise<void>
  /**
   * Claims nothing more, waits until the handlers are through, and resolves. At the deadline (default: the option `drain`), or
   * with a second call, they are aborted and their messages handed back: such an attempt does not count.
   */
  stop(options?: StopOptions): Promise<void>
  stats(): WorkerStats
}

export interface WorkerStats {
  /** Messages whose handlers run. */
  readonly active: number
  /** Messages claimed and held ready. */
  readonly prefetched: number
  /** Messages let go since the start. */
  readonly processed: number
  /** How late due messages were claimed. */
  readonly lag: LagReading
  /** Since when messages have been due that this worker does not get, in milliseconds since 1970; absent when all is well. */
  readonly stalledSince?: number
}

export function createWorker(queue: QueueRuntime, given: GivenHandlers | Handler, options: WorkerOptions = {}): Worker {
  toOptions(options, 'work()', WORKER_OPTIONS)
  const handlers = checkHandlers(queue.versions.machines, given)
  const concurrency = toInteger(options.concurrency ?? DEFAULTS.concurrency, 'concurrency', { min: 1, max: 10_000 })
  const prefetch = options.prefetch === undefined ? undefined : toInteger(options.prefetch, 'prefetch', { max: 10_000 })
  const drain = toMs(options.drain ?? DEFAULTS.drain, 'drain', { max: 86_400_000 })
  const name = options.name ?? `${hostname().slice(0, 12)}-${process.pid}-${randomBytes(2).toString('hex')}`
  const events = createEmitter<QueueEvents>(queue.log.listenerFailed)
  const settings: AdvanceSettings = {
    worker: name,
    journal: queue.settings.journal,
    leases: queue.settings.leases,
    redaction: queue.settings.redaction,
    contexts: queue.settings.contexts,
    takeStep,
    removes: (tags) => removesAtOnce(queue.settings, tags),
  }
  const throughput = createThroughput()
  const left = createLeftMessages(queue, name)
  const impatience = createImpatience()
  let claimed = 0
  let stopping: Promise<void> | undefined
  let unsubscribe = async (): Promise<void> => {}

  const plain = createPlainPath({
    queue,
    worker: name,
    handlers,
    settings,
    events,
    left,
    gate: () => gate,
    places: () => concurrency - (quick?.size ?? 0),
    released(ms) {
      throughput.record(ms)
      timers.wake()
    },
  })
  const quick = openQuickLane({
    queue,
    worker: name,
    handlers,
    settings,
    concurrency,
    events,
    isAhead: prefetch !== undefined && prefetch > 0,
    free: () => concurrency - plain.taken,
    leave: plain.takeOver,
    freed: plain.fill,
    expect: (due) => timers.expect(due),
    paused: plain.putAllBack,
    started(late) {
      claimed++
      timers.lag.record(late)
    },
    ended(ms) {
      throughput.record(ms)
      plain.moved()
    },
  })

  const taken = (): number => plain.taken + (quick?.size ?? 0)
  const room = (): number => concurrency + plain.ahead(prefetch ?? throughput.worth(50, DEFAULTS.batch)) - taken()
  const timers = createTimerService(queue, {
    worker: name,
    capacity: () => (gate.open ? Math.max(0, room()) : 0),
    threshold: () => (taken() < concurrency ? 1 : Math.max(1, Math.floor(concurrency / 4))),
    ...(quick ? { shortWay: quick.claim } : {}),
    hesitation: left.hesitation,
    onClaim(partition, messages, now) {
      claimed += messages.length
      plain.claimed(partition, messages, now)
    },
    onPaused: plain.putAllBack,
  })
  const gate = createQuorumGate(queue, events, timers.wake)
  const heartbeater = createHeartbeater(queue, () => [...plain.holders(), ...(quick?.held() ?? [])])
  const janitor = createJanitor(queue)
  const watchdog = createWatchdog(queue, events, {
    hungry: () => gate.open && !stopping && room() > 0,
    claimed: () => claimed,
    wake: timers.wake,
  })

  const stats = (): WorkerStats => ({
    active: plain.active.size + (quick?.running ?? 0),
    prefetched: plain.held,
    processed: throughput.count(),
    lag: timers.lag.read(),
    ...(watchdog.stalledSince === undefined ? {} : { stalledSince: watchdog.stalledSince }),
  })
  const registrar = createRegistrar(queue, {
    name,
    concurrency,
    claimed: () => claimed,
    stats,
    holds: () => [...plain.active, ...(quick?.held() ?? [])],
  })

  async function shutDown(timeout: number): Promise<void> {
    quick?.stop()
    await timers.stop()
    janitor.stop()
    watchdog.stop()
    registrar.stop()
    plain.stop()
    const through = allThrough()
    void through.then(queue.clock.after(timeout, impatience.lose))
    await Promise.race([through, impatience.lost])
    // Those that leave the short way now are interrupted there.
    plain.interrupt()
    quick?.leaveAll()
    const end = Promise.allSettled([through, plain.parted()])
    // When Redis is away nothing can be handed back; the leases will end by themselves.
    const cancel = queue.clock.after(queue.patience, giveUp)
    await end
    cancel()
    giveUp()
    heartbeater.stop()
    gate.stop()
  }

  /** A message may leave the short way meanwhile. */
  async function allThrough(): Promise<void> {
    await quick?.idle()
    await plain.idle()
  }

  function giveUp(): void {
    plain.close()
    quick?.close()
  }

  let told = ''
  function fail(error: unknown): void {
    // Whoever does not ask `ready()` hears of it as an event, or in the log, which says a thing once.
    const text = reasonOf(error)
    if (!events.listens('error') && text !== told) queue.log.workerFailed(name, error)
    told = text
    events.emit('error', asError(error))
  }
  const beginning = createBeginning(queue, () => queue.introduce('worker').then(start), fail)

  /** Nothing is begun, and the worker is not on the list, before it may do all that it needs. */
  async function start(): Promise<void> {
    if (stopping) return
    await queue.store.checkRights('worker', queue.partitions[0])
    unsubscribe = await subscribeAll(queue, { mail: onMail, paused: plain.putAllBack, deaf: fail })
    if (stopping) return unsubscribe()
    await timers.start().catch(async (error: unknown) => {
      await unsubscribe()
      throw error
    })
    heartbeater.start()
    janitor.start()
    watchdog.start()
    registrar.start()
  }

  function onMail(id: string, worker: string): void {
    if (worker !== name) return
    quick?.mail(id)
    plain.mail(id)
  }

  return {
    name,
    on: events.on,
    ready: beginning.ready,
    async stop(given) {
      const timeout = stopTimeout(given, 'stop()') ?? drain
      if (stopping) impatience.lose()
      stopping ??= beginning
        .giveUp()
        .then(() => shutDown(timeout))
        .then(() => unsubscribe())
      return stopping
    },
    stats,
  }
}
