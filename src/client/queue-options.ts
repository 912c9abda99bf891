import {
  createMessageMachine,
  type BackoffOptions,
  type RetryOverrides,
  type RetryPolicy,
} from '../../machines/index.ts'
import type { AnyStateMachine, ContextFrom, EventFrom, InputFrom } from 'xstate'
import type { Clock } from '../clock.ts'
import type { QueueSettings, Retention } from '../engine/runtime.ts'
import type { Migrate } from '../engine/versions.ts'
import { RedriveError, isError } from '../errors.ts'
import { checkNames, DEFAULTS, show, toInteger, toMs, toObject, type Duration } from '../options.ts'
import { createRedaction } from '../redaction.ts'
import type { FeedOption } from './feed-option.ts'
import type { Schema } from './input.ts'
import type { LeaseOptions } from './lease-options.ts'

/** The machine's retry policy, with durations also as text. */
export interface RetryOptions extends Omit<RetryPolicy, 'backoff' | 'timeout' | 'deadline' | 'now' | 'random'> {
  readonly backoff?: Omit<BackoffOptions, 'delay' | 'max'> & { readonly delay?: Duration; readonly max?: Duration }
  /** Time limit of one attempt. Default none. */
  readonly timeout?: Duration
  /** Time limit of all attempts together, since the message was created. Default none. */
  readonly deadline?: Duration
}

/** What one message may set for itself. */
export type SendRetryOptions = Omit<RetryOptions, 'nonRetryable' | 'retryIf'>

/**
 * How long settled messages are kept: a duration (`0` keeps nothing), `'forever'`, or an age, a count and bytes, of which the strictest
 * holds. `bytes` is memory as Redis counts it for the messages of a state, about: measured on a hundred of them.
 */
export type RetentionOption = Duration | { readonly age?: Duration; readonly count?: number; readonly bytes?: number }

export interface JournalOptions {
  /** Transitions kept in each message. Default 20; bounds 1–100. */
  readonly entries?: number
  /**
   * Whether each of them tells what it changed in the context, for `history()` and the dashboard's time travel: `true`, or the most bytes of
   * one, beyond which a member is only named. Default `false`, for it takes memory; `true` is 1,024 bytes; bounds 64–65,536.
   */
  readonly contexts?: boolean | number
}

/** `Sent` is what `send()` takes; `Taken` is what a schema makes of it, which is stored and which handlers get. */
// oxlint-disable-next-line typescript/no-explicit-any -- options of any queue
export interface QueueOptions<Sent = any, Taken = Sent> extends LeaseOptions {
  /** Any Standard Schema; what it returns is stored. Default: anything goes. */
  readonly input?: Schema<Sent, Taken>
  /** For the default machine. Default: 5 attempts, 1 s doubled each time up to 5 min, with full jitter. */
  readonly retry?: RetryOptions
  /** The queue's own machine. Default: `machines/message.ts`. */
  readonly machine?: AnyStateMachine
  /** Older versions of the machine: messages that are of one of them go on in it. Default: none. */
  readonly versions?: readonly AnyStateMachine[]
  /**
   * Brings a message of a version that is not among `versions` to the current one: returns its state, by name or by XState's value, and its
   * context there. Default: it
   * moves as it is when all that it has exists there, and is put aside in `~quarantined` when not.
   */
  readonly migrate?: Migrate
  /** Schema of the events that may be sent to a message. Default: the machine's own list of types. */
  readonly events?: Schema
  /** Cluster slots over which messages are spread. Default 1; it cannot be changed while messages are stored. Bounds 1–1024. */
  readonly partitions?: number
  /** How long a worker owns a message without a sign of life. Default `'30s'`; bounds 500 ms–1 day. */
  readonly lease?: Duration
  /** Transitions kept in each message, or more about them. Default 20; bounds 1–100. */
  readonly journal?: number | JournalOptions
  /**
   * Paths within what a message holds that only its handlers may see, such as `['password', 'card.number', 'items.*.token']`; each is looked
   * for at any depth. Everybody else finds `[redacted]` there, in other processes too. Default none; see docs/guides/security.md.
   */
  readonly redact?: readonly string[]
  /** Largest stored input, in bytes. Default 1 MiB; bounds 1–64 MiB. */
  readonly maxPayloadBytes?: number
  /**
   * Most messages on their way at a time: pending, worked on or waiting for a timer. Settled ones, and those that wait for an event
   * alone, are not counted. A send beyond is refused with `E_QUEUE_FULL`. Default `Infinity`; each partition has an equal share.
   */
  readonly maxMessages?: number
  /**
   * Most bytes of all stored messages, settled ones too, as they were sent: names and values of their fields, without what Redis
   * needs for itself and what their machines add later. A send beyond is refused with `E_QUEUE_FULL`. Default `Infinity`; each partition
   * has an equal share.
   */
  readonly maxBytes?: number
  /** Most events that wait for one message; a signal beyond is refused with `E_INBOX_FULL`. Default 10,000; bounds 1–1,000,000. */
  readonly maxInbox?: number
  /**
   * How much of the queue's feed is kept: a number of entries, or `{ entries, bytes }`. It holds in all processes; the last that was given. Default:
   * what the client says, else 10,000 entries of each partition and 32 MiB.
   */
  readonly feed?: FeedOption
  /** How long settled messages are kept, by tag. Default: `succeeded` and `cancelled` a day, `dead` for ever. */
  readonly retention?: Readonly<Record<string, RetentionOption>>
}

/** Those of a queue of the default machine. */
export interface MessageQueueOptions<Sent, Taken> extends Omit<QueueOptions<Sent, Taken>, 'machine'> {
  /** Only for the text of the compiler's error. */
  readonly machine?: AnyStateMachine & 'a machine of XState, to which input, events and migrate fit'
}

/** Those of a queue with a machine of its own. */
export interface MachineQueueOptions<
  Machine extends AnyStateMachine,
  Sent = InputFrom<Machine>,
  Event = EventFrom<Machine>,
> extends Omit<QueueOptions<Sent, InputFrom<Machine>>, 'retry' | 'events' | 'migrate'> {
  readonly machine: Machine
  readonly migrate?: Migrate<ContextFrom<Machine>>
  readonly events?: Schema<Event, unknown>
  /** Belongs to the default machine: yours says itself when it tries again. */
  readonly retry?: never
}

/** Their names. */
export const QUEUE_OPTIONS = [
  'input',
  'retry',
  'machine',
  'versions',
  'migrate',
  'events',
  'partitions',
  'lease',
  'maxLeasesLost',
  'leaseLost',
  'journal',
  'redact',
  'maxPayloadBytes',
  'maxMessages',
  'maxBytes',
  'maxInbox',
  'feed',
  'retention',
]

/** @throws RedriveError `E_INVALID_OPTION`, `E_INVALID_DURATION` */
export function queueSettings(options: QueueOptions): QueueSettings {
  checkNames(toObject(options, 'the options of a queue'), '', QUEUE_OPTIONS, 'a queue')
  checkParts(options)
  if (options.machine && options.retry) {
    throw new RedriveError(
      'E_INVALID_OPTION',
      'retry belongs to the default machine; a machine of your own says itself when it tries again.',
      { path: 'retry' },
    )
  }
  return {
    lease: toMs(options.lease ?? DEFAULTS.lease, 'lease', { min: 500, max: 86_400_000 }),
    ...journalSettings(options.journal),
    ...(options.redact === undefined ? {} : { redaction: createRedaction(options.redact) }),
    maxPayloadBytes: toInteger(options.maxPayloadBytes ?? DEFAULTS.maxPayloadBytes, 'maxPayloadBytes', {
      min: 1,
      max: 64 * 1024 * 1024,
    }),
    maxInbox: toInteger(options.maxInbox ?? DEFAULTS.maxInbox, 'maxInbox', { min: 1, max: 1_000_000 }),
    bounds: bounds(options),
    retention: retentions({ ...DEFAULTS.retention, ...toObject(options.retention ?? {}, 'retention') }),
  }
}

const isSchema = (value: unknown): boolean => {
  const standard: unknown = (Object(value) as Readonly<Record<string, unknown>>)['~standard']
  return typeof standard === 'object' && standard !== null && 'validate' in standard
}

const PARTS = {
  input: [isSchema, 'a schema that follows Standard Schema, such as one of Zod'],
  events: [isSchema, 'a schema that follows Standard Schema, such as one of Zod'],
  versions: [Array.isArray, 'a list of machines'],
  migrate: [(value: unknown) => typeof value === 'function', 'a function'],
} as const

function checkParts(options: QueueOptions): void {
  for (const name of ['input', 'events', 'versions', 'migrate'] as const) {
    const [isRight, expected] = PARTS[name]
    const value: unknown = options[name]
    if (value === undefined || isRight(value)) continue
    throw new RedriveError('E_INVALID_OPTION', `${name} must be ${expected}; got ${show(value)}.`, { path: name })
  }
}

const JOURNAL_NAMES = ['entries', 'contexts']
const CONTEXT_BYTES = 1024

function journalSettings(given: QueueOptions['journal'] = {}): Pick<QueueSettings, 'journal' | 'contexts'> {
  const limits = { min: 1, max: 100 }
  if (typeof given === 'number') return { journal: toInteger(given, 'journal', limits) }
  if (typeof given !== 'object' || given === null) {
    const text = `journal must be a number of entries or { entries, contexts }; got ${show(given)}.`
    throw new RedriveError('E_INVALID_OPTION', text, { path: 'journal' })
  }
  checkNames(given, 'journal', JOURNAL_NAMES)
  const { entries = DEFAULTS.journal, contexts = false } = given
  const journal = toInteger(entries, 'journal.entries', limits)
  if (contexts === false) return { journal }
  if (contexts === true) return { journal, contexts: CONTEXT_BYTES }
  return { journal, contexts: toInteger(contexts, 'journal.contexts', { min: 64, max: 65_536 }) }
}

function bounds({ maxMessages = Infinity, maxBytes = Infinity, partitions = DEFAULTS.partitions }: QueueOptions) {
  const count = toInteger(partitions, 'partitions', { min: 1, max: 1024 })
  const share = (value: number, name: string): number => Math.ceil(toInteger(value, name, { min: 1 }) / count)
  return {
    ...(maxMessages === Infinity ? {} : { messages: share(maxMessages, 'maxMessages') }),
    ...(maxBytes === Infinity ? {} : { bytes: share(maxBytes, 'maxBytes') }),
  }
}

function retentions(options: Readonly<Record<string, RetentionOption | undefined>>): Map<string, Retention> {
  return new Map(Object.entries(options).map(([tag, option]) => [tag, retention(tag, option)]))
}

function retention(tag: string, option: RetentionOption | undefined): Retention {
  if (option === undefined || option === 'forever') return {}
  if (typeof option === 'number' || typeof option === 'string') return { age: toMs(option, `retention.${tag}`) }
  if (typeof option !== 'object' || option === null) {
    throw new RedriveError(
      'E_INVALID_OPTION',
      `retention.${tag} must be a duration, { age, count, bytes } or "forever"; got ${show(option)}.`,
      { path: `retention.${tag}` },
    )
  }
  checkNames(option, `retention.${tag}`, ['age', 'count', 'bytes'])
  return {
    ...(option.age === undefined ? {} : { age: toMs(option.age, `retention.${tag}.age`) }),
    ...(option.count === undefined ? {} : { keep: toInteger(option.count, `retention.${tag}.count`) }),
    ...(option.bytes === undefined ? {} : { bytes: toInteger(option.bytes, `retention.${tag}.bytes`) }),
  }
}

/** The default machine with this queue's policy; deadlines and `Retry-After` dates by the clock of the store. */
export function defaultMachine(retry: RetryOptions = {}, clock: Clock): AnyStateMachine {
  return asOptionError(() =>
    createMessageMachine({ ...policy(retry, RETRY_NAMES), now: () => clock.now(), random: () => clock.random() }),
  )
}

const SEND_RETRY_NAMES = ['attempts', 'backoff', 'timeout', 'deadline', 'maxLeasesLost']
const RETRY_NAMES = [...SEND_RETRY_NAMES, 'nonRetryable', 'retryIf']
const BACKOFF_NAMES = ['type', 'delay', 'factor', 'exponent', 'max', 'jitter', 'compute']

function policy(retry: RetryOptions, names: readonly string[]): RetryPolicy {
  checkNames(toObject(retry, 'retry'), 'retry', names)
  const { backoff, timeout, deadline, ...rest } = retry
  return {
    ...rest,
    ...(backoff === undefined ? {} : { backoff: backoffMs(toObject(backoff, 'retry.backoff')) }),
    ...(timeout === undefined ? {} : { timeout: toMs(timeout, 'retry.timeout', { min: 1 }) }),
    ...(deadline === undefined
      ? {}
      : { deadline: deadline === Infinity ? deadline : toMs(deadline, 'retry.deadline', { min: 1 }) }),
  }
}

/** The overrides of one message, in milliseconds. */
export const overrides = (retry: SendRetryOptions): RetryOverrides => policy(retry, SEND_RETRY_NAMES) as RetryOverrides

function backoffMs(given: NonNullable<RetryOptions['backoff']>): BackoffOptions {
  checkNames(given, 'retry.backoff', BACKOFF_NAMES)
  const { delay, max, ...rest } = given
  return {
    ...rest,
    ...(delay === undefined ? {} : { delay: toMs(delay, 'retry.backoff.delay') }),
    ...(max === undefined ? {} : { max: toMs(max, 'retry.backoff.max') }),
  }
}

/** The machine file knows nothing of Redrive's errors; its own carry the code as a property. */
export function asOptionError<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (isError(error) && 'code' in error && error.code === 'E_INVALID_OPTION' && !(error instanceof RedriveError)) {
      throw new RedriveError('E_INVALID_OPTION', error.message, { cause: error })
    }
    throw error
  }
}
