import { setMaxListeners } from 'node:events'
import { SyncedClock, type Clock } from '../clock.ts'
import { asError, RedriveError } from '../errors.ts'
import { checkQueueName, idGenerator } from '../message.ts'
import type { Quorum } from '../lock/quorum.ts'
import { DEFAULTS, toInteger, toMs, toObject, toOptions } from '../options.ts'
import type { QueueDefinition, ServerFacts } from '../store/store.ts'
import { warningOfChannels } from '../store/rights.ts'
import { createLog, stderrLogger } from '../telemetry/log.ts'
import { stopTimeout, type StopOptions } from '../worker/stop-options.ts'
import type { Worker } from '../worker/worker.ts'
import { backendOf, type Backend } from './backend.ts'
import { feedBounds } from './feed-option.ts'
import { durabilityOf } from './durability.ts'
import { lateConfirmer, lateLocks, lateStore } from './late-backend.ts'
import { openQuorum } from './lock-nodes.ts'
import { openDisk, type Disk } from './outbox/disk.ts'
import { createOutbox, type Outbox } from './outbox/outbox.ts'
import { outboxSettings } from './outbox/outbox-options.ts'
import { reveal } from './inside.ts'
import { openQueue, type Common, type OpenQueue } from './open-queue.ts'
import type { Queue } from './queue.ts'
import type { Health } from './health.ts'
import { checkOptions, type RedriveOptions } from './redrive-options.ts'
import type { QueueOptions } from './queue-options.ts'
import type { QueueOpener } from './queue-shape.ts'
import { createPost, type LocalQueue } from './post.ts'
import { readAudit, type AuditEntry } from './steering/audit.ts'
import { closed, createWrites, type Writes } from './writes.ts'

const TIMEOUTS = { min: 100, max: 600_000 }

/**
 * A client of one Redis: its queues and their workers.
 *
 * @example
 * const redrive = new Redrive({ redis: 'redis://127.0.0.1:6379' })
 * const emails = redrive.queue('emails')
 * await emails.send({ to: 'ada@example.com' })
 */
export class Redrive {
  readonly #log
  readonly #clock: Clock
  readonly #backend: Promise<Backend>
  readonly #quorum: Quorum | undefined
  readonly #outbox: Outbox | undefined
  readonly #queues = new Map<string, OpenQueue>()
  readonly #workers = new Set<Worker>()
  readonly #closed = new AbortController()
  readonly #writes: Writes
  /** How long `close()` waits for a Redis that is away, in milliseconds. */
  readonly #patience: number
  /** What its queues have in common. */
  readonly #common: Common
  #facts: Promise<ServerFacts> | undefined
  #rights: Promise<void> | undefined
  #closing: Promise<void> | undefined

  /** Connects with the first use. @throws RedriveError `E_INVALID_OPTION`, `E_INVALID_DURATION` */
  constructor(options: RedriveOptions = {}) {
    checkOptions(options)
    // As many wait for its end as there are calls under way; Node takes more than ten for a leak.
    setMaxListeners(0, this.#closed.signal)
    this.#log = createLog(options.logger ?? stderrLogger)
    this.#clock = options.store?.clock ?? new SyncedClock()
    const settings = {
      prefix: options.prefix ?? DEFAULTS.prefix,
      commandTimeout: toMs(options.commandTimeout ?? DEFAULTS.commandTimeout, 'commandTimeout', TIMEOUTS),
      feed: feedBounds(options.feed),
      durability: durabilityOf(options.durability, options.store !== undefined),
    }
    this.#writes = createWrites(this.#clock)
    this.#patience = settings.commandTimeout
    this.#backend = backendOf(options, settings, this.#log.serverWarning)
    this.#backend.catch(() => {})
    const store = lateStore(this.#backend)
    const confirmer = settings.durability && lateConfirmer(this.#backend)
    this.#quorum = openQuorum(options.locks, settings.prefix)
    this.#outbox =
      options.outbox &&
      createOutbox(outboxSettings(options.outbox), {
        ready: () => this.#connected(),
        store,
        clock: this.#clock,
        log: this.#log,
        openDisk: (directory) => this.openDisk(directory),
      })
    const post = createPost({
      store,
      confirmer,
      ready: () => this.#connected(),
      local: (name) => this.opened(name),
      names: () => this.#queues.keys(),
    })
    this.#common = {
      store,
      locks: lateLocks(this.#backend),
      quorum: this.#quorum,
      confirmer,
      outbox: this.#outbox,
      post,
      clock: this.#clock,
      log: this.#log,
      closed: this.#closed.signal,
      writes: this.#writes,
      patience: this.#patience,
      ready: () => this.#connected(),
      writable: () => this.#writable(),
      generateId: idGenerator(() => this.#clock.now()),
      registerWorker: (worker) => this.#workers.add(worker),
    }
    reveal(this, {
      store,
      clock: this.#clock,
      log: this.#log,
      prefix: settings.prefix,
      connected: () => this.#connected(),
      address: async () => (await this.#backend).address,
      closed: this.#closed.signal,
      names: () => [...this.#queues.keys()],
      opened: (name) => this.#queues.get(name),
      aside: (name, queueOptions) => openQueue(name, queueOptions, this.#common),
    })
  }

  /**
   * Connects and checks the server, also that it takes writes and that the user may do all that a worker needs; each time, so that it can be
   * asked by whoever sends traffic here.
   * @throws RedriveError `E_REDIS_UNAVAILABLE`, `E_REDIS_AUTH`, `E_REDIS_VERSION`
   */
  async ready(): Promise<ServerFacts> {
    const facts = await this.#connected()
    await (await this.#backend).store.checkRights('worker')
    return facts
  }

  /** Once for all calls, which hear by themselves when the server is away later. */
  #connected(): Promise<ServerFacts> {
    if (this.#closed.signal.aborted) return Promise.reject(closed())
    // Asked again after a failure: the server may be there by then.
    this.#facts ??= this.#connect().catch((error: unknown) => {
      this.#facts = undefined
      throw error
    })
    return this.#facts
  }

  /** Once for all that write: who may use no channels can still send, and is told so. @throws RedriveError `E_REDIS_AUTH` */
  #writable(): Promise<void> {
    this.#rights ??= this.#connected()
      .then(async () => warningOfChannels((role) => this.#common.store.checkRights(role)))
      .then((warnings) => warnings.forEach((warning) => this.#log.serverWarning(warning)))
      .catch((error: unknown) => {
        this.#rights = undefined
        throw error
      })
    return this.#rights
  }

  async #connect(): Promise<ServerFacts> {
    const { store } = await this.#backend
    await this.#outbox?.ready()
    const facts = await store.ready()
    for (const warning of facts.warnings) this.#log.serverWarning(warning)
    return facts
  }

  /** The address of the server, once it is known; `undefined` in memory. */
  async url(): Promise<string | undefined> {
    return (await this.#backend).url
  }

  /**
   * A queue, made with the first call for its name; later calls return the same.
   * @throws RedriveError `E_INVALID_ID`, `E_INVALID_OPTION`, `E_INVALID_DURATION`, `E_INVALID_MACHINE`
   */
  readonly queue: QueueOpener = (name: string, options: QueueOptions = {}) => this.openQueue(name, options) as never

  /** Opens a queue, or finds it. */
  protected openQueue(name: string, options: QueueOptions): Queue {
    checkQueueName(name)
    const known = this.#queues.get(name)
    if (this.#writes.closing.aborted || (this.#closing && !known)) throw closed()
    if (!known) {
      const open = openQueue(name, options, this.#common)
      this.#queues.set(name, open)
      return open.queue
    }
    if (Object.keys(toObject(options, 'options')).length === 0 || options === known.options) return known.queue
    throw new RedriveError(
      'E_INVALID_OPTION',
      `the queue "${name}" is open already, with other options. Call queue("${name}") without options to get it.`,
      { path: name },
    )
  }

  /** Opens the directory of the outbox. */
  protected openDisk(directory: string): Promise<Disk> {
    return openDisk(directory)
  }

  /** A queue of this process, in which children can be started. */
  protected opened(name: string): LocalQueue | undefined {
    return this.#queues.get(name)
  }

  /** Whether this client can do its work now, by writing something of no meaning. Never rejects. */
  async health(): Promise<Health> {
    const workers = [...this.#workers].map((worker) => ({ name: worker.name, ...worker.stats() }))
    const outbox = await this.#outbox?.state()
    const beside = { workers, ...(outbox ? { outbox } : {}) }
    try {
      const { store } = await this.#backend
      return { redis: 'up', latencyMs: await store.probe(), ...beside }
    } catch (error) {
      return { redis: 'away', error: asError(error), ...beside }
    }
  }

  /**
   * Resolves when nothing of this client waits in the outbox; at once without one. It waits as long as Redis is away.
   * @throws RedriveError `E_OUTBOX_LOCKED`, `E_OUTBOX_FAILED`
   */
  async drained(): Promise<void> {
    await this.#outbox?.drained()
  }

  /**
   * What people and programs did to queues, the newest first; about ten thousand entries are kept.
   * @param options.limit Default 100; bounds 1–1000.
   */
  async audit(options: { readonly limit?: number } = {}): Promise<readonly AuditEntry[]> {
    const { limit = 100 } = toOptions(options, 'audit()', { limit: true })
    toInteger(limit, 'limit', { min: 1, max: 1000 })
    await this.#connected()
    return (await (await this.#backend).store.records(limit)).map(readAudit)
  }

  /** The queues that were ever used on this server. */
  async queues(): Promise<ReadonlyMap<string, QueueDefinition>> {
    await this.#connected()
    return (await this.#backend).store.queues()
  }

  /**
   * Stops the workers, lets arrive what was sent before, and disconnects. Handlers that still run may send until they are through.
   * While Redis is away it waits `commandTimeout` at most; what was not answered by then is rejected with `E_CLOSED`.
   */
  async close(options: StopOptions = {}): Promise<void> {
    const timeout = stopTimeout(options, 'close()')
    this.#closing ??= this.#shutDown(timeout === undefined ? {} : { timeout })
    return this.#closing
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #shutDown(options: StopOptions): Promise<void> {
    if (this.#workers.size > 0) await Promise.all([...this.#workers].map((worker) => worker.stop(options)))
    await this.#writes.close(this.#outbox ? this.#patience + this.#outbox.patience : this.#patience)
    await this.#outbox?.close()
    this.#closed.abort()
    this.#quorum?.close()
    await this.#backend.then(
      (backend) => backend.close(),
      () => {},
    )
  }
}
