import type { Role } from './rights.ts'
import type { PartitionBounds, Refusal } from './bounds.ts'
import type { Beat, BeatStatus, Delivery, DeliveryStatus, NewMessage } from './calls.ts'
import type { ForgetRequest, IndexFault } from './index-fault.ts'
import type { FeedPage, LargeText, StoreListener } from './listener.ts'
import type { Lookout } from './lookout.ts'
import type { QueueDefinition } from './queue-definition.ts'
import type { Round, RoundRequest } from './round.ts'
import type { Steering } from './steering.ts'

export type { Beat, BeatStatus, Delivery, DeliveryStatus, FirstStep, NewMessage } from './calls.ts'
export type { FeedEntry, FeedPage, LargeText, StoreListener } from './listener.ts'

/**
 * The port behind which messages are kept. Two adapters implement it: `redis-store.ts` is the product, `memory-store.ts` has the
 * same semantics in one process. `test/store/store-contract.ts` is the one suite that both must pass.
 *
 * All texts are opaque to a store: it never decodes a snapshot, an event or a journal line. All times that it returns are
 * milliseconds since 1970 by the store's own clock, and every delay that it is given counts from the moment the script runs.
 */
export interface Store extends Lookout, Steering {
  /**
   * Stores new messages; idempotent by message id, and by `token` when the same call is sent again. What the bounds have no room for is
   * refused one by one, in the order of the messages; one that is there already is a duplicate, however full it is.
   */
  enqueue(
    partition: Partition,
    token: string,
    messages: readonly NewMessage[],
    bounds?: PartitionBounds,
  ): Promise<EnqueueStatus[]>
  /** Takes due messages under a lease, the oldest head first, with a quota for each state. */
  claim(partition: Partition, request: ClaimRequest): Promise<Claim>
  /** Writes the results of steps, each guarded by its fence. */
  commit(partition: Partition, batch: CommitBatch): Promise<Commit>
  /**
   * Both ends of the commonest life in one call: commits messages that are finished, and starts new ones by a recipe. What does not match
   * it is left to `claim`. A call that is sent again is answered alike.
   */
  round(partition: Partition, request: RoundRequest): Promise<Round>
  /** Renews leases, and carries progress the one way and the news of an inbox the other. */
  heartbeat(partition: Partition, lease: number, beats: readonly Beat[]): Promise<BeatStatus[]>
  /** Appends events to inboxes and makes their messages due; idempotent by `token`. */
  deliver(partition: Partition, token: string, deliveries: readonly Delivery[]): Promise<DeliveryStatus[]>
  /** The events that wait in the inbox of a message, oldest first. */
  inbox(partition: Partition, id: string): Promise<string[]>
  /** Where messages stand, without what they hold; `undefined` for one that is not there. */
  glance(partition: Partition, ids: readonly string[]): Promise<(Glance | undefined)[]>
  read(partition: Partition, ids: readonly string[]): Promise<(ListedMessage | undefined)[]>
  /** Messages of a state, by attention. */
  list(partition: Partition, query: ListQuery): Promise<ListedMessage[]>
  /** Population of every state in use, and when the earliest message is due. */
  stats(partition: Partition): Promise<PartitionStats>
  /** Deletes settled messages of one state: older than `age` ms, then all but the newest `keep`, or `bytes` of them. Returns how many. */
  trim(partition: Partition, request: TrimRequest): Promise<number>
  /** Takes members whose messages are gone out of the sets: those that were found missing long ago, or `ids`. Returns how many. */
  forget(partition: Partition, request: ForgetRequest): Promise<number>
  /** Compares messages with the sets that are their index; `mend` also puts the sets right. The faults of each are in the order of `ids`. */
  repair(partition: Partition, how: 'look' | 'mend', ids: readonly string[]): Promise<readonly IndexFault[][]>
  /** Deletes one message, unless a lease other than `token` is on it. */
  remove(partition: Partition, id: string, token: string): Promise<'removed' | 'locked' | 'missing'>
  /**
   * Entries of the feed after `after` (exclusive), or from the oldest kept one when it is `'0'`. A position that is not in the feed any more is a
   * gap, but for that of the last entry that was trimmed.
   */
  readFeed(partition: Partition, after: string, count: number): Promise<FeedPage>
  /** The newest position of the feed, from which a reader sees only what comes later. */
  feedEnd(partition: Partition): Promise<string>
  /** The large texts that the entry at a position refers to, by name: those that are kept still. */
  readLarge(partition: Partition, position: string): Promise<ReadonlyMap<string, string>>
  /** Trims the feed, and the large texts that it refers to, to the bounds of the queue. Returns how many entries went. */
  prune(partition: Partition): Promise<number>
  /** The caller has the answer of a call with this token and asks no more: what is remembered for a repetition may go. */
  answered(partition: Partition, token: string): Promise<void>
  /** Calls back on what is announced in a partition; returns the end of the subscription. */
  subscribe(partition: Partition, listener: StoreListener): Promise<() => Promise<void>>
  /** Remembers the definition of a queue, and returns the one that was stored first; of `redact` and `feed`, the last that were given; `worked` stays. */
  defineQueue(name: string, definition: QueueDefinition): Promise<QueueDefinition>
  queues(): Promise<Map<string, QueueDefinition>>
  /** Notes that versions of a machine are used by a queue; returns when each that ever was came first, by its reference. */
  arrive(queue: string, refs: readonly string[]): Promise<Map<string, number>>
  /** Writes something of no meaning; returns how long that took, in milliseconds. @throws when the server is away, or takes no writes. */
  probe(): Promise<number>
  /**
   * Makes sure that the user may do what its role asks for, on the keys and channels of a partition where one is named.
   * @throws RedriveError `E_REDIS_AUTH`, with the rules that are lacking
   */
  checkRights(role: Role, partition?: Partition): Promise<void>
  /** Checks the connection and the server, and writes nothing; returns the server's own description. */
  ready(): Promise<ServerFacts>
  close(): Promise<void>
}

/** A slice of a queue: one slot in a Redis Cluster. */
export interface Partition {
  readonly queue: string
  readonly index: number
}

export type { QueueDefinition } from './queue-definition.ts'

export interface ServerFacts {
  /** For people, e.g. `redis 7.0.15 at redis://127.0.0.1:6379`. */
  readonly description: string
  /** What an operator should hear about, e.g. an eviction policy that loses messages. */
  readonly warnings: readonly string[]
}

/** Fields of a message, by name; see `docs/redis-layout.md`. */
export type Fields = Readonly<Record<string, string>>

export interface TimerToSet {
  readonly nonce: string
  readonly text: string
  /** Milliseconds from the commit. */
  readonly delay: number
  /** Of one that a message already had under another name: when it is due. `earliest` of its entry tells of it too. */
  readonly due?: number
}

export interface StoredTimer {
  readonly nonce: string
  readonly text: string
  readonly due: number
}

/** When a message needs a worker: at once, at its earliest timer, or not until an event comes. */
export type Attention = 'now' | 'timers'

export interface Glance {
  readonly state: string
  /** Of its machine, when that is not active any more. */
  readonly status?: string
}

export type EnqueueStatus = 'created' | 'duplicate' | Refusal

export interface ClaimRequest {
  /** 32 hexadecimal characters, fresh for each claim; also the value of the locks (Redlock's format). */
  readonly token: string
  readonly worker: string
  readonly limit: number
  /** Milliseconds. */
  readonly lease: number
}

export interface StoredMessage {
  readonly id: string
  readonly revision: number
  readonly state: string
  readonly fields: Fields
  readonly timers: readonly StoredTimer[]
  readonly journal: readonly StoredJournalEntry[]
  readonly inbox: readonly string[]
  readonly createdAt: number
  readonly enteredAt: number
  /** Worker that holds the lease. */
  readonly worker?: string
  /** Fence of the holder of the lease. */
  readonly owner?: string
  readonly progress?: string
}

export interface StoredJournalEntry {
  readonly seq: number
  readonly at: number
  readonly text: string
}

export interface ClaimedMessage extends StoredMessage {
  /** `revision:token`, to be shown at every commit. */
  readonly fence: string
  /** When it became due. */
  readonly dueAt: number
}

export interface Claim {
  readonly now: number
  readonly messages: readonly ClaimedMessage[]
  /** When the next message of this partition is due; `undefined` when none is. */
  readonly next?: number
  /** The partition is paused: nothing is given to anybody. */
  readonly paused?: true
}

/**
 * What becomes of the message with a commit: `keep` the lease while handlers run, `release` it until the next attention, `defer` it
 * to its earliest timer though events wait (others are to take it on), `settle` it (its machine is finished: nothing is due any more,
 * and what waits in the inbox goes), `park` it (put aside with its inbox until somebody acts), or `remove` it whole.
 */
export type Disposal = 'keep' | 'release' | 'defer' | 'settle' | 'park' | 'remove'

export interface CommitEntry {
  readonly id: string
  readonly fence: string
  readonly state: string
  /** Fields that changed; the previous value (if any) tells which chunks to delete. `undefined` deletes a field. */
  readonly changes: readonly FieldChange[]
  readonly setTimers: readonly TimerToSet[]
  readonly clearTimers: readonly StoredTimer[]
  /** Earliest of the timers that stay, if any. */
  readonly earliest?: number
  readonly attention: Attention
  readonly disposal: Disposal
  /** How many events, from the oldest, this commit takes out of the inbox. */
  readonly consumed: number
  /** Of one to park: how many events were looked at. When more are there by now, it is due at once. Default: it is not. */
  readonly seen?: number
  /** Whether a state was entered: its time is noted. */
  readonly entered: boolean
  readonly journal: readonly JournalToAppend[]
  /** Numbers of journal entries that leave the bounded journal, and their texts. */
  readonly forget: readonly StoredJournalEntry[]
  /** Transitions as JSON, without their time. */
  readonly transitions: readonly string[]
  /** Texts that the transitions refer to, and that the message itself does not have. */
  readonly large?: readonly LargeText[]
}

export interface FieldChange {
  readonly field: string
  readonly value?: string
  readonly previous?: string
}

export interface JournalToAppend {
  readonly seq: number
  readonly text: string
}

export interface CommitBatch {
  readonly worker: string
  /** Milliseconds. */
  readonly lease: number
  readonly entries: readonly CommitEntry[]
}

/** `duplicate`: this very commit was applied before. `fenced`: the message has another owner now. `unknown`: it is not here. */
export type CommitStatus = 'applied' | 'duplicate' | 'fenced' | 'unknown'

export interface CommitResult {
  readonly status: CommitStatus
  /** Whether more events wait in the inbox. */
  readonly inbox: boolean
}

export interface Commit {
  readonly now: number
  readonly results: readonly CommitResult[]
}

export interface ListQuery {
  readonly state: string
  readonly offset: number
  readonly limit: number
  readonly newestFirst: boolean
}

export interface ListedMessage {
  readonly message: StoredMessage
  readonly attentionAt: number | null
}

export interface PartitionStats {
  readonly now: number
  readonly paused: boolean
  /** Population by state name. */
  readonly states: ReadonlyMap<string, number>
  readonly next?: number
}

export interface TrimRequest {
  readonly state: string
  readonly age?: number
  readonly keep?: number
  /** Bytes of memory, as the server counts it for the hashes; an estimate from a hundred of them. */
  readonly bytes?: number
  readonly limit: number
}

/** Scores of messages that wait for nothing but an event: beyond every date, and still in the order of their entry. */
export const PARKED = 4_000_000_000_000_000

/** Set of messages put aside because their machine threw or cannot be restored. */
export const QUARANTINED = '~quarantined'
/** Set of messages whose machine ended in an error of its own. */
export const FAILED = '~failed'
