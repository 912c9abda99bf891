import { asError, reasonOf } from '../errors.ts'
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { AdvanceSettings } from '../engine/advance.ts'
import { revive, type Revived } from '../engine/claimed.ts'
import { stayFailed } from '../engine/failure.ts'
import { parkAgain, returnLater, returnUntouched } from '../engine/hand-back.ts'
import { quarantineEntry } from '../engine/quarantine.ts'
import { checkRevision } from '../engine/readable-message.ts'
import { restore, type LiveMessage } from '../engine/snapshot.ts'
import type { Stimulus } from '../engine/stimulus.ts'
import { startOf } from '../step/recipe.ts'
import { removesAtOnce, type QueueEvents, type QueueRuntime } from '../engine/runtime.ts'
import { createEmitter, type Emitter } from '../events/emitter.ts'
import type { EventData } from '../message.ts'
import { DEFAULTS, toInteger, toMs, toOptions, type Duration } from '../options.ts'
import type { QuorumLock } from '../lock/quorum.ts'
import { FAILED, type ClaimedMessage, type CommitEntry, type Partition } from '../store/store.ts'
import { createJanitor } from '../timer/janitor.ts'
import type { LagReading } from '../timer/lag.ts'
import { createTimerService } from '../timer/timer-service.ts'
import { activate, type ActivateOptions, type ActiveContext, type ActiveMessage } from './active-message.ts'
import { createBeginning } from './beginning.ts'
import { createClaimAhead } from './claim-ahead.ts'
import { createCommitter } from './committer.ts'
import { checkHandlers, handlerOf, type GivenHandlers, type Handler } from './handlers.ts'
import { createHeartbeater } from './heartbeater.ts'
import { createImpatience } from './impatience.ts'
import { createLeftMessages } from './left-messages.ts'
import { createQuickLane, type LeftBehind, type QuickLane } from './quick-lane.ts'
import { createQuorumGate } from './quorum-gate.ts'
import { createRegistrar } from './registrar.ts'
import { createShelf, type Held } from './shelf.ts'
import { stopTimeout, type StopOptions } from './stop-options.ts'
import { subscribeAll } from './subscribe-all.ts'
import { createThroughput } from './throughput.ts'
import { createWatchdog } from './watchdog.ts'

export interface WorkerOptions {
  /** Messages whose handlers run at the same time. Default 10; bounds 1–10,000. */
  readonly concurrency?: number
  /**
   * Messages held ready beyond that. Default: what the handlers work off in about 50 ms, at most 100. One that finds no place within a
   * second goes back, for another worker may be idle; it does not count as an attempt. Bounds 0–10,000.
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
  const drain = toMs(options.drain ?? DEFAULTS.drain, 'drain', { max: 86_400_000 })
  const name = options.name ?? `${hostname().slice(0, 12)}-${process.pid}-${randomBytes(2).toString('hex')}`
  const events = createEmitter<QueueEvents>(queue.log.listenerFailed)
  const settings: AdvanceSettings = {
    worker: name,
    journal: queue.settings.journal,
    leases: queue.settings.leases,
    redaction: queue.settings.redaction,
    contexts: queue.settings.contexts,
    removes: (tags) => removesAtOnce(queue.settings, tags),
  }
  const committer = createCommitter(queue, name)
  const context: ActiveContext = { queue, handlers, committer, settings, events }
  const throughput = createThroughput()
  const active = new Set<ActiveMessage>()
  const left = createLeftMessages(queue, name)
  let claimed = 0
  const parting = new Set<Promise<unknown>>()
  let stopping: Promise<void> | undefined
  let unsubscribe = async (): Promise<void> => {}
  const impatience = createImpatience()
  const entering = new Set<Held>()
  /** Partitions of which a round has told that others are due than it can start. */
  const othersDue = new Set<number>()
  let isInterrupted = false
  const shelf = createShelf(queue, (held) => void entering.delete(held))
  const claimAhead = createClaimAhead(queue, shelf, (partition, entry) => putBack(partition, entry))

  /** Places that messages of the plain path have, or wait for. */
  const taken = (): number => active.size + entering.size + shelf.size
  const quick = openQuickLane()

  const prefetch = options.prefetch === undefined ? undefined : toInteger(options.prefetch, 'prefetch', { max: 10_000 })
  const room = (): number =>
    concurrency + claimAhead.most(prefetch ?? throughput.worth(50, DEFAULTS.batch)) - taken() - (quick?.size ?? 0)

  const timers = createTimerService(queue, {
    worker: name,
    capacity: () => (gate.open ? Math.max(0, room()) : 0),
    threshold: () => (taken() + (quick?.size ?? 0) < concurrency ? 1 : Math.max(1, Math.floor(concurrency / 4))),
    ...(quick ? { shortWay: (partition: Partition) => claimShort(quick, partition) } : {}),
    hesitation: left.hesitation,
    onClaim(partition, messages, now) {
      claimed += messages.length
      shelf.add(partition, messages, now)
      fill()
      claimAhead.watch()
    },
    onPaused: putAllBack,
  })
  const gate = createQuorumGate(queue, events, timers.wake)
  const heartbeater = createHeartbeater(queue, () => [...active, ...entering, ...shelf, ...(quick?.held() ?? [])])
  const janitor = createJanitor(queue)
  const watchdog = createWatchdog(queue, events, {
    hungry: () => gate.open && !stopping && room() > 0,
    claimed: () => claimed,
    wake: timers.wake,
  })

  const stats = (): WorkerStats => ({
    active: active.size + (quick?.running ?? 0),
    prefetched: shelf.size,
    processed: throughput.count(),
    lag: timers.lag.read(),
    ...(watchdog.stalledSince === undefined ? {} : { stalledSince: watchdog.stalledSince }),
  })
  const registrar = createRegistrar(queue, {
    name,
    concurrency,
    claimed: () => claimed,
    stats,
    holds: () => [...active, ...(quick?.held() ?? [])],
  })

  /** Moves what is held ready into the free places. */
  function fill(): void {
    while (active.size + entering.size + (quick?.size ?? 0) < concurrency && !stopping) {
      const next = shelf.take()
      if (!next) break
      if (queue.quorum) void enter(next)
      else begin(next, undefined)
    }
  }

  /** With the lock of a quorum before its first step; without it the message goes back, to be looked at again in a second. */
  async function enter(one: Held): Promise<void> {
    entering.add(one)
    const { message, partition } = one
    const lock = await gate.enter(partition, message.id).catch((error: unknown) => {
      queue.log.claimFailed(queue.name, error)
      return 'refused' as const
    })
    const lost = !entering.delete(one)
    if (lost || lock === 'refused' || stopping) {
      if (lock !== 'refused') void lock?.release()
      if (!lost)
        putBack(partition, stopping ? returnUntouched(message) : returnLater(message, queue.clock.now() + LEFT_FOR))
      return fill()
    }
    begin(one, lock)
  }

  function begin({ message, partition, leaseUntil, now }: Held, lock: QuorumLock | undefined): void {
    let revived: Revived
    try {
      revived = revive(queue.versions, message, Math.max(now, queue.clock.now()))
      if (typeof revived === 'object') checkRevision(message)
    } catch (cause) {
      if (left.isForOthers(message)) return putBack(partition, left.leave(message), lock)
      // One that failed is still stored as that: it stays so, and can be redriven again.
      if (message.state === FAILED) return putBack(partition, stayFailed(message, cause, settings), lock)
      queue.log.quarantined(message.id, cause)
      return putBack(partition, quarantineEntry(message, { type: 'restore' }, cause, name), lock)
    }
    if (revived === 'parked') return putBack(partition, parkAgain(message), lock)
    if (revived === 'left') return putBack(partition, left.leave(message), lock)
    // Mail that came while it was held ready is read by the heartbeat or the commit.
    launch(partition, revived, leaseUntil, { quorumLock: lock })
  }

  function launch(
    partition: Partition,
    { message, stimuli }: Beginning,
    leaseUntil: number,
    given: ActivateOptions,
  ): void {
    const activated = activate(message, partition, stimuli, leaseUntil, context, given)
    const startedAt = performance.now()
    active.add(activated)
    if (isInterrupted) activated.interrupt()
    void activated.finished.then(() => {
      void given.quorumLock?.release()
      active.delete(activated)
      throughput.record(performance.now() - startedAt)
      claimAhead.moved()
      fill()
      timers.wake()
    })
  }

  function openQuickLane(): QuickLane | undefined {
    const { isDefault, versions, quorum, settings: given } = queue
    // What is hidden, kept of contexts or locked elsewhere too is more than a round does.
    if (!isDefault || quorum || given.redaction || given.contexts !== undefined) return undefined
    const start = startOf(versions.current, settings)
    return (
      start &&
      createQuickLane({
        queue,
        start,
        concurrency,
        events,
        machine: versions.current,
        worker: name,
        handler: handlerOf(versions.current, handlers, start.invocation.src),
        free: () => concurrency - taken(),
        leave: takeOver,
        freed: fill,
        claimed(late) {
          claimed++
          timers.lag.record(late)
        },
        processed(ms) {
          throughput.record(ms)
          claimAhead.moved()
        },
        heard(partition, { next, others, paused }) {
          if (paused) putAllBack()
          if (others) othersDue.add(partition.index)
          if (others || next !== undefined) timers.expect(others ? 0 : next!)
        },
      })
    )
  }

  /** The round first, unless it has just told that there are others to be claimed. */
  async function claimShort(lane: QuickLane, partition: Partition): Promise<{ found: boolean; plain: boolean }> {
    if (!gate.open || othersDue.delete(partition.index)) return { found: false, plain: true }
    const found = await lane.claim(partition)
    return { found: found === true, plain: othersDue.delete(partition.index) }
  }

  /** A message leaves the short way: it is restored as it is stored by now. */
  function takeOver(stored: ClaimedMessage, partition: Partition, rest: LeftBehind): void {
    const { stimuli, leaseUntil, run, eventsWait } = rest
    try {
      const message = restore(queue.versions.current, stored)
      launch(partition, { message, stimuli }, leaseUntil, { run, eventsWait })
    } catch (cause) {
      queue.log.quarantined(stored.id, cause)
      putBack(partition, quarantineEntry(stored, { type: 'restore' }, cause, name))
    }
  }

  /** Lets a message go on which this worker takes no step. */
  function putBack(partition: Partition, entry: CommitEntry, lock?: QuorumLock): void {
    const letGo = committer
      .submit(partition, entry)
      .catch((error: unknown) => queue.log.commitFailed(queue.name, error))
      .finally(() => {
        parting.delete(letGo)
        void lock?.release()
      })
    parting.add(letGo)
  }

  /** Nothing begins any more while the queue is paused; what has begun goes on. */
  function putAllBack(): void {
    for (const { message, partition } of shelf.takeAll()) putBack(partition, returnUntouched(message))
  }

  async function shutDown(timeout: number): Promise<void> {
    await timers.stop()
    janitor.stop()
    watchdog.stop()
    registrar.stop()
    claimAhead.stop()
    const returned = shelf
      .takeAll()
      .map(({ message, partition }) => committer.submit(partition, returnUntouched(message)))
    quick?.stop()
    const through = allThrough()
    void through.then(queue.clock.after(timeout, impatience.lose))
    await Promise.race([through, impatience.lost])
    isInterrupted = true
    quick?.leaveAll()
    for (const message of active) message.interrupt()
    const end = Promise.allSettled([through, ...returned, ...parting])
    // When Redis is away nothing can be handed back; the leases will end by themselves.
    const giveUp = (): void => {
      committer.close()
      quick?.close()
    }
    const cancel = queue.clock.after(queue.patience, giveUp)
    await end
    cancel()
    giveUp()
    heartbeater.stop()
    gate.stop()
  }

  /** A message may leave the short way meanwhile. */
  async function allThrough(): Promise<void> {
    await quick?.finished()
    while (active.size > 0) await Promise.all([...active].map(({ finished }) => finished))
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
    unsubscribe = await subscribeAll(queue, { mail: onMail, paused: putAllBack, deaf: fail })
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
    for (const message of active) if (message.id === id) message.mail()
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

/** A message, and what it is to hear of first. */
interface Beginning {
  readonly message: LiveMessage
  readonly stimuli: readonly Stimulus[]
}

/** How long a message without the lock of a quorum is left alone, in milliseconds. */
const LEFT_FOR = 1000
