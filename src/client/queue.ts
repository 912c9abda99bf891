import { storeToSee } from '../engine/redacted-store.ts'
import type { QueueEvents, QueueRuntime } from '../engine/runtime.ts'
import { asError, RedriveError } from '../errors.ts'
import { checkId, type JournalEntry, type Message, type SendResult } from '../message.ts'
import { show, toInteger, toMs, toObject, toOptions, toText, type Duration } from '../options.ts'
import { partitionOf } from '../store/keys.ts'
import type { ListedMessage, Partition } from '../store/store.ts'
import { createJanitor } from '../timer/janitor.ts'
import type { GivenHandlers, Handler } from '../worker/handlers.ts'
import { createWorker, type Worker } from '../worker/worker.ts'
import { checkSignal } from './abort.ts'
import { createFeedWatch } from './feed-watch.ts'
import { readFeed, type FeedOptions, type FeedTransition } from './feed.ts'
import { comparePopulation, type QueuePopulation, type VisitMessage } from './population.ts'
import type { Prepare, Prepared } from './prepare.ts'
import type { QueueOptions, SendRetryOptions } from './queue-options.ts'
import type { QueueShape, ShapeOf } from './queue-shape.ts'
import { countStates, listMessages, toMessage, type ListOptions, type QueueStats } from './reader.ts'
import { createLooks } from './looks.ts'
import { createQueueEvents, type Listen } from './queue-events.ts'
import { createResults } from './results.ts'
import { watchMessage } from './watch.ts'
import { actorOf, createAuditor, type ActorOption } from './steering/audit.ts'
import { createNotedSignals } from './steering/noted-signals.ts'
import { createSteering, type QueueSteering } from './steering/steering.ts'
import { createSignals, type SignalOptions, type SignalResult } from './signals.ts'
import { answersOf } from './queue-full.ts'
import type { Sender } from './sender.ts'

export interface SendOptions {
  /** Your own id: a second send of it is answered `duplicate` and changes nothing. Default: a new one that sorts by time. */
  readonly id?: string
  /** How long until the first delivery. Default 0; at most ten years. Default machine only. */
  readonly delay?: Duration
  /** What this message does differently from the queue's retry policy. Default machine only. */
  readonly retry?: SendRetryOptions
}

export interface BulkMessage<Sent> extends SendOptions {
  readonly input: Sent
}

/* oxlint-disable typescript/no-explicit-any -- without a schema, the sender and the handler say what a payload is */
/**
 * A named set of messages that share one machine. `Sent` is what `send()` takes, `Output` what `result()` gives. A bare `Queue` is any
 * queue; what the others take and give, `redrive.queue()` infers from their machine and their schema.
 */
export interface Queue<
  Sent = any,
  Output = unknown,
  Shape extends QueueShape = ShapeOf<Sent, Output>,
> extends QueueSteering<Sent, Shape['event']> {
  /* oxlint-enable typescript/no-explicit-any */
  readonly name: string
  /** Its machine, in the current version of this process. */
  readonly machine: Shape['machine']
  /** `id@version#fingerprint` of it, as messages store it. */
  readonly machineRef: string
  /**
   * Stores a message. Sends of one tick travel in one call.
   * @throws RedriveError `E_INVALID_PAYLOAD`, `E_PAYLOAD_TOO_LARGE`, `E_UNSERIALIZABLE`, `E_INVALID_ID`, `E_INVALID_DURATION`,
   * `E_INVALID_OPTION`, `E_QUEUE_FULL`, `E_REDIS_UNAVAILABLE`, `E_REDIS_FULL`, `E_CLOSED`
   */
  send(input: Sent, options?: Shape['options']): Promise<SendResult>
  /**
   * Stores many; all are checked before the first is sent. The answers are in the order of the messages.
   * @throws RedriveError as `send` does; `E_QUEUE_FULL` has in `details.refused` the ids of those that were not stored. The others were.
   */
  sendBulk(messages: Iterable<Shape['options'] & { readonly input: Sent }>): Promise<SendResult[]>
  /** The message, or `undefined`. */
  get(id: string): Promise<Message<Shape['input'], Output, Shape['context']> | undefined>
  /** The journal of a message, oldest first. @throws RedriveError `E_NOT_FOUND` */
  history(id: string): Promise<readonly JournalEntry[]>
  list(options: ListOptions): Promise<Message<Shape['input'], Output, Shape['context']>[]>
  stats(): Promise<QueueStats>
  /**
   * What a worker of this process would do with each stored message: run it in its version, move it, leave it, or put it aside. It
   * reads all of them, page by page, and writes nothing; `visit` is called with each.
   * @throws RedriveError `E_INVALID_OPTION` when the queue has another number of partitions on the server.
   */
  population(visit?: VisitMessage): Promise<QueuePopulation>
  /**
   * Waits for the machine's output.
   * @throws RedriveError `E_DEAD`, `E_FAILED`, `E_CANCELLED`, `E_NOT_FOUND`, `E_TIMEOUT`
   */
  result(id: string, options?: { readonly timeout?: Duration; readonly signal?: AbortSignal }): Promise<Output>
  /** The transitions of one message from now on, until it is settled. */
  watch(id: string, options?: FeedOptions): AsyncGenerator<FeedTransition<Output, Shape['emitted']>>
  /** The transitions of all messages, resumable by position. */
  feed(options?: FeedOptions): AsyncGenerator<FeedTransition<Output, Shape['emitted']>>
  /**
   * Sends an event to a message. It waits in the inbox while the message is worked on; events of one client are taken in the order in
   * which they were given.
   * @throws RedriveError `E_UNKNOWN_EVENT`, `E_INVALID_EVENT`, `E_INBOX_FULL`, `E_NOT_FOUND`, `E_TIMEOUT`, and with `wait` `E_QUARANTINED`
   */
  signal(id: string, event: Shape['event'], options?: SignalOptions & ActorOption): Promise<SignalResult>
  /** Gives a message up; a running handler is aborted. */
  cancel(id: string, options?: SignalOptions & ActorOption): Promise<SignalResult>
  /** Tries a waiting message now. */
  retry(id: string, options?: SignalOptions & ActorOption): Promise<SignalResult>
  /**
   * Sends a dead message on its way again: the machine hears REDRIVE. One in `~failed`, whose machine ended in an error, is brought back to
   * where it failed, and what it waited for runs again. One that is finished is `settled`.
   * @throws RedriveError as `signal` does
   */
  redrive(id: string, options?: SignalOptions & ActorOption): Promise<SignalResult>
  /** Lets a message out of quarantine: it is tried again where it was. @throws RedriveError `E_NOT_FOUND` */
  release(id: string, options?: ActorOption): Promise<SignalResult>
  /** Deletes a message for good. @throws RedriveError `E_NOT_FOUND`, `E_LOCKED` while a worker has it. */
  remove(id: string, options?: ActorOption): Promise<void>
  /**
   * Keeps every worker off a message while `action` runs, at most `ttl` (default `'30s'`).
   * @throws RedriveError `E_LOCKED` when a worker, or another client of its lock, has it.
   */
  hold<T>(id: string, action: () => Promise<T>, options?: { readonly ttl?: Duration }): Promise<T>
  /** Deletes settled messages beyond the queue's retention now; workers do so every ten seconds or so. Returns how many. */
  trim(): Promise<number>
  /**
   * Starts a worker: one handler, or one for each actor that the machine invokes and does not implement itself.
   * @throws RedriveError `E_MISSING_HANDLER`, `E_UNKNOWN_HANDLER`, `E_INVALID_OPTION`
   */
  readonly work: Shape['work']
  /** Hears of what happens to its messages, in whichever process. Returns what ends it. */
  readonly on: Listen<QueueEvents<Output, Shape['emitted']>>
}

export interface QueueParts {
  readonly runtime: QueueRuntime
  readonly options: QueueOptions
  readonly sender: Sender
  readonly prepare: Prepare
  /** Name of this client in the feed and the audit. */
  readonly client: string
  /** Aborts when its client takes no more writes. */
  readonly closing: AbortSignal
  registerWorker(worker: Worker): void
}

const LOCK_TTL = 30_000
const LIST_OPTIONS = { state: true, limit: true, offset: true, newestFirst: true } as const

export function createQueue({ runtime, options, sender, prepare, client, closing, registerWorker }: QueueParts): Queue {
  const { name, machine, store, locks, partitions } = runtime
  const seen = { ...runtime, store: storeToSee(runtime) }
  const events = createQueueEvents(seen)
  const waits = { queue: runtime, watch: createFeedWatch(runtime), looks: createLooks(runtime), closing }
  const seenWatch = createFeedWatch(seen)
  const signals = createSignals(waits, options.events)
  const auditor = createAuditor(store, name, client)
  const { signal, redrive, release } = createNotedSignals(signals, auditor)
  const place = (id: string): Partition => partitionOf(name, checkId(id), partitions.length)
  const view = ({ message, attentionAt }: ListedMessage): Message => toMessage(name, message, attentionAt, machine.tags)

  async function get(id: string): Promise<Message | undefined> {
    await runtime.reachable()
    const [found] = await seen.store.read(place(id), [id])
    return found && view(found)
  }
  const result = createResults({ ...waits, view })

  async function existing(id: string): Promise<Message> {
    const message = await get(id)
    if (message) return message
    throw notFound(id)
  }

  const notFound = (id: string): RedriveError =>
    new RedriveError('E_NOT_FOUND', `there is no message "${id}" in "${name}".`, { id })

  async function hold<T>(id: string, action: (token: string) => Promise<T>, ttl: number): Promise<T> {
    await runtime.ready()
    const lock = await locks.acquire(place(id), id, ttl)
    if (!lock) {
      const message = await existing(id)
      throw new RedriveError(
        'E_LOCKED',
        `"${id}" is held by ${message.worker ?? 'another client of its lock'}. Cancel it first, or try again.`,
        { id },
      )
    }
    try {
      return await action(lock.token)
    } finally {
      await lock.release()
    }
  }

  const sendPrepared = ({ message, size }: Prepared): Promise<SendResult> => sender.send(message, size)

  return {
    ...createSteering({ runtime, options, signals, auditor }),
    name,
    machine: machine.machine,
    machineRef: machine.ref,
    population: (visit) => comparePopulation(runtime, visit),
    get,
    signal,
    watch: (id, feedOptions) => watchMessage(seen, seenWatch, id, feedOptions),
    on: events.on,
    send(input, given = {}) {
      try {
        const prepared = prepare(input, given)
        return prepared instanceof Promise ? prepared.then(sendPrepared) : sendPrepared(prepared)
      } catch (error) {
        return Promise.reject(asError(error))
      }
    },
    async sendBulk(messages) {
      const prepared = await prepareAll(prepare, toMessages(messages))
      return answersOf(
        prepared.map(({ message }) => message.id),
        prepared.map(sendPrepared),
      )
    },
    history: async (id) => (await existing(id)).history,
    async list(query) {
      toText(toOptions(query, 'list()', LIST_OPTIONS).state, 'state')
      const limit = toInteger(query.limit ?? 100, 'limit', { min: 1, max: 1000 })
      const offset = toInteger(query.offset ?? 0, 'offset')
      await runtime.reachable()
      return (await listMessages(seen.store, partitions, { ...query, limit, offset })).map(view)
    },
    async stats() {
      await runtime.reachable()
      return countStates(store, partitions)
    },
    async result(id, given = {}) {
      const { timeout, signal: aborted } = toOptions(given, 'result()', { timeout: true, signal: true })
      return result(checkId(id), {
        ...(timeout === undefined ? {} : { timeout: toMs(timeout, 'timeout') }),
        ...(aborted ? { signal: checkSignal(aborted) } : {}),
      })
    },
    feed: (feedOptions) => readFeed(seen, feedOptions),
    cancel: (id, given) => signal(id, { type: 'CANCEL' }, given),
    retry: (id, given) => signal(id, { type: 'RETRY' }, given),
    redrive,
    release,
    async remove(id, given = {}) {
      const actor = actorOf(given, 'remove()')
      await existing(id)
      const status = await hold(id, (token) => store.remove(place(id), id, token), LOCK_TTL)
      if (status === 'missing') throw notFound(id)
      await auditor.note({ action: 'remove', what: `"${id}"`, count: 1 }, actor)
    },
    async hold(id, action, given = {}) {
      const { ttl = LOCK_TTL } = toOptions(given, 'hold()', { ttl: true })
      const ms = toMs(ttl, 'ttl', { min: 100 })
      await existing(id)
      return hold(id, () => action(), ms)
    },
    async trim() {
      await runtime.ready()
      return createJanitor(runtime).sweep()
    },
    work(handlers: Handler | GivenHandlers = {}, workerOptions) {
      if (!options.machine) requireHandler(handlers)
      const worker = createWorker(runtime, handlers, workerOptions)
      registerWorker(worker)
      return worker
    },
  }
}

/** All of them are checked before any is sent. */
function prepareAll<T>(
  prepare: Prepare,
  messages: readonly BulkMessage<T>[],
): readonly Prepared[] | Promise<Prepared[]> {
  const prepared = messages.map((message) => {
    try {
      const { input, ...given } = message
      return prepare(input, given)
    } catch (error) {
      // Not thrown at once: that would leave those before it alone with their errors.
      return Promise.reject(asError(error))
    }
  })
  return prepared.some((each) => each instanceof Promise)
    ? Promise.all(prepared.map((each) => Promise.resolve(each)))
    : (prepared as Prepared[])
}

/** @throws RedriveError `E_INVALID_OPTION` */
function toMessages<T extends object>(messages: Iterable<T>): T[] {
  const given: unknown = messages
  if (typeof given !== 'object' || given === null || !(Symbol.iterator in given))
    throw new RedriveError('E_INVALID_OPTION', `sendBulk takes a list of messages; got ${show(given)}.`)
  return [...messages].map((message, i) => toObject(message, `messages[${i}]`))
}

/** The default machine implements its handler too, but only to say that it has none. */
function requireHandler(handlers: Handler | GivenHandlers): void {
  if (typeof handlers === 'function' || Object.hasOwn(handlers, 'handler')) return
  const [other] = Object.keys(handlers)
  if (other === undefined || typeof handlers !== 'object')
    throw new RedriveError('E_MISSING_HANDLER', 'work() was given no handler.')
  throw new RedriveError('E_UNKNOWN_HANDLER', `the default machine invokes no "${other}". Did you mean "handler"?`)
}
