import { randomBytes } from 'node:crypto'
import { RedriveError } from './errors.ts'
import { DEFAULTS, show } from './options.ts'

/** An event of a machine: data with a `type`. */
export interface EventData {
  readonly type: string
  readonly [property: string]: unknown
}

/** An error as it is stored, published and journalled. */
export interface ErrorSummary {
  readonly name: string
  readonly message: string
  readonly code?: string | number
  /** What an error of one's own has beside them, such as `status`: plain data, in bounds, without what looks like a secret. */
  readonly [field: string]: unknown
}

export type Status = 'active' | 'done' | 'error' | 'stopped'

/** A context of any machine. */
// oxlint-disable-next-line typescript/no-explicit-any -- whoever reads it states what it has, as in XState's own `MachineContext`
export type AnyContext = Readonly<Record<string, any>>

/** One applied macrostep, as callbacks, the feed and `watch` tell it. */
export interface Transition<Output = unknown, Emitted = EventData> {
  readonly queue: string
  readonly id: string
  /** Revision that the commit produced; grows with every claim and commit. */
  readonly revision: number
  /** When it was committed: milliseconds since 1970 by the clock of Redis. */
  readonly at: number
  /**
   * What was taken: `init`, `after <delay>`, `done <invocation>`, `error <invocation>`, `lost <invocation>` (its worker was lost, and it is run again), or the type of an
   * event.
   */
  readonly event: string
  /** State before, or `null` for the first. */
  readonly from: string | null
  readonly to: string
  /** Tags of the state entered, e.g. `['retrying']`. */
  readonly tags: readonly string[]
  readonly status: Status
  /** Worker or client that took the step. */
  readonly worker: string
  readonly error?: ErrorSummary
  /** The machine's output, in the transition that finished it. */
  readonly output?: Output
  /** Events that the machine emitted in this step. */
  readonly emitted?: readonly Emitted[]
  /**
   * Parts of more than 1 kB that are kept no more, and so are missing here: the output of a message that was removed since, or what was
   * emitted long ago.
   */
  readonly gone?: readonly ('output' | 'emitted')[]
}

/** One line of a message's own bounded history. */
export interface JournalEntry {
  /** Position from 0; the first ones are dropped when the journal is full. */
  readonly seq: number
  readonly at: number
  readonly event: string
  readonly from: string | null
  readonly to: string
  readonly worker: string
  readonly error?: string
  /** With the option `journal: { contexts }` of the queue: what the step made of the context. */
  readonly changed?: ContextChanges
}

/** What a step made of the context, member by member. */
export interface ContextChanges {
  /** Members that came or changed, with their new values. The first step has them all. */
  readonly set: Readonly<Record<string, unknown>>
  readonly removed: readonly string[]
  /** Members that changed, and were too large for a line of the journal. */
  readonly truncated: readonly string[]
  /** Why nothing is known of this step, where another version of Redrive wrote it in a form of its own. */
  readonly unreadable?: string
}

/** A message as `get` and `list` return it. Times are milliseconds since 1970 by the clock of Redis. */
export interface Message<Input = unknown, Output = unknown, Context = AnyContext> {
  readonly id: string
  readonly queue: string
  /** Name of the current state: the leaf path; parallel regions joined by `+`. */
  readonly state: string
  readonly status: Status
  readonly tags: readonly string[]
  /** What was sent, or what it was edited to. */
  readonly input: Input
  /** What was sent, when the input was edited since. */
  readonly sentInput?: Input
  readonly context: Context
  readonly output?: Output
  readonly error?: unknown
  readonly revision: number
  /** `id@version#fingerprint` of the machine that it is pinned to. */
  readonly machine: string
  readonly createdAt: number
  /** When the current state was entered. */
  readonly enteredAt: number
  /** When it next needs a worker; `null` when nothing is due (final, or waiting for an event). */
  readonly attentionAt: number | null
  readonly timers: readonly { readonly id: string; readonly due: number }[]
  /** `leasesLost`: how many workers were lost while they ran it, where some were. */
  readonly invocations: readonly {
    readonly id: string
    readonly src: string
    readonly running: boolean
    readonly leasesLost?: number
  }[]
  /** Events waiting for the next step. */
  readonly inbox: readonly EventData[]
  /** Worker that holds the lease, if one does. */
  readonly worker?: string
  /** Last value that the handler reported. */
  readonly progress?: unknown
  /** Why the message was put aside, when its machine threw or is unknown. */
  readonly quarantine?: { readonly reason: string; readonly event: EventData }
  /** Where it failed, when its machine ended in an error: `redrive` brings it back there. `event` is what it could not take. */
  readonly failedIn?: { readonly state: string; readonly event: string }
  readonly history: readonly JournalEntry[]
  /** The message that started this one. */
  readonly parent?: { readonly queue: string; readonly id: string }
  /** Children that it started: what is waited for, and the last ten joins that are over. */
  readonly joins?: readonly MessageJoin[]
}

export interface MessageJoin {
  readonly join: string
  /** What a failed child means. */
  readonly failed: 'collect' | 'report' | 'cancel'
  /** Whether nothing is waited for any more: `allDone` came, or `anyFailed` under `cancel`. */
  readonly over: boolean
  /** Without a status: it had not ended, or had not when the join was over. */
  readonly children: readonly { readonly queue: string; readonly id: string; readonly status?: 'done' | 'failed' }[]
}

/** The answer to a send. */
export interface SendResult {
  readonly id: string
  /**
   * `duplicate`: a message with this id is stored already; it was left as it is. `spooled`: Redis is away; the message is on the disk of
   * this machine, in the outbox, and comes to Redis when that is back.
   */
  readonly status: 'created' | 'duplicate' | 'spooled'
  /**
   * With the option `durability`: how many replicas have the message. Fewer than asked for is no error: it is stored, and a failover at
   * this moment could lose it.
   */
  readonly confirmed?: number
}

const NAME = /^[\w][\w.:@-]*$/
// C0 controls, DEL and the braces that delimit a Redis Cluster hash tag.
// oxlint-disable-next-line no-control-regex
const UNSAFE_IN_ID = /[\u0000-\u001f\u007f{}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/** @throws RedriveError `E_INVALID_ID` for an id that is empty, too long, or has control characters, braces or half characters. */
export function checkId(id: unknown): string {
  if (typeof id === 'string' && id.length > 0 && id.length <= DEFAULTS.maxIdLength && !UNSAFE_IN_ID.test(id)) return id
  throw new RedriveError(
    'E_INVALID_ID',
    `A message id is text of 1 to ${DEFAULTS.maxIdLength} characters without control characters and braces; got ${show(id)}.`,
    { path: 'id' },
  )
}

export const isQueueName = (name: unknown): name is string =>
  typeof name === 'string' && name.length <= 100 && NAME.test(name)

/** @throws RedriveError `E_INVALID_ID` for a queue name that cannot be a part of a key. */
export function checkQueueName(name: unknown): string {
  if (isQueueName(name)) return name
  throw new RedriveError(
    'E_INVALID_ID',
    `A queue name is 1 to 100 letters, digits and . : @ _ -, beginning with a letter or digit; got ${show(name)}.`,
    { path: 'queue' },
  )
}

/** Makes an id that sorts by time. */
export type GenerateId = () => string

/**
 * Ids of 20 characters in base 32: 9 of milliseconds, 11 at random, counted up within one millisecond, so that the ids of
 * one process are strictly increasing. Half the size of a UUID, which every key of a message repeats.
 */
export function idGenerator(now: () => number, random: (size: number) => Uint8Array = randomBytes): GenerateId {
  let lastTime = -1
  let head = ''
  let tail = 0
  return () => {
    const time = Math.max(now(), lastTime)
    if (time === lastTime) tail++
    else {
      tail = Buffer.from(random(6)).readUIntBE(0, 6)
      head = Math.floor(time).toString(32).padStart(9, '0')
      lastTime = time
    }
    return head + tail.toString(32).padStart(11, '0')
  }
}
