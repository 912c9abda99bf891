import type { Clock } from '../clock.ts'
import type { ErrorSummary, EventData, Transition } from '../message.ts'
import type { Redaction } from '../redaction.ts'
import type { Locks } from '../lock/locks.ts'
import type { Quorum } from '../lock/quorum.ts'
import type { Confirmer } from '../store/confirmer.ts'
import type { PartitionBounds } from '../store/bounds.ts'
import type { Partition, Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import type { Post } from './post.ts'
import type { LeasePolicy } from './lease-policy.ts'
import type { DurableMachine } from './registry.ts'
import type { Versions } from './versions.ts'

/** A queue as all its parts see it: one machine, its partitions, and the ports. */
export interface QueueRuntime extends Readiness {
  readonly name: string
  /** The current version of the machine: new messages are of it. */
  readonly machine: DurableMachine
  readonly versions: Versions
  /** The queue has the default machine. */
  readonly isDefault: boolean
  readonly partitions: readonly Partition[]
  readonly store: Store
  readonly locks: Locks
  /** Locks on further servers that a worker needs before a message's first step; none by default. */
  readonly quorum: Quorum | undefined
  /** Confirms by replicas what is sent, where that was asked for. */
  readonly confirmer: Confirmer | undefined
  readonly post: Post
  readonly clock: Clock
  readonly log: Log
  readonly settings: QueueSettings
  /** How long what is to end waits for a Redis that is away, in milliseconds: the `commandTimeout` of the client. */
  readonly patience: number
  /** Aborts when the client is closed: what waits or reads on ends with it. */
  readonly closed: AbortSignal
}

/** Who begins to use a queue with its machine: who sends, or who works. */
type Newcomer = 'sender' | 'worker'

/** What must be so before a queue is used, each found out once. Asked again after a failure: the server may be there by then. */
export interface Readiness {
  /** For those who read: the server is there, and has the queue as it is opened here, if at all. Writes nothing. */
  reachable(): Promise<void>
  /** For those who change what is stored: the queue is defined. @throws RedriveError `E_INVALID_OPTION` for another number of partitions */
  ready(): Promise<void>
  /**
   * For those who bring messages or handlers: the machine is noted as one of the queue.
   * @throws RedriveError `E_UNKNOWN_MACHINE` to a sender whose messages no worker of the queue could run
   */
  introduce(newcomer: Newcomer): Promise<void>
}

export interface QueueSettings {
  /** Milliseconds. */
  readonly lease: number
  readonly journal: number
  /** What is done about invocations whose worker was lost. Default: as the machine says, else they are run again three times. */
  readonly leases?: LeasePolicy
  /** Bytes of each line of the journal for what changed in the context; without it, that is not kept. */
  readonly contexts?: number
  readonly maxPayloadBytes: number
  /** What only handlers may see, where this process says so. */
  readonly redaction?: Redaction
  /** Most events that may wait for one message. */
  readonly maxInbox: number
  /** What each partition may hold: its share of the queue's bounds. */
  readonly bounds: PartitionBounds
  /** How long settled messages are kept, in milliseconds and by count, for each tag; no entry means for ever. */
  readonly retention: ReadonlyMap<string, Retention>
}

export interface Retention {
  readonly age?: number
  readonly keep?: number
  readonly bytes?: number
}

/** Whether a message that settles with one of these tags leaves nothing behind. */
export function removesAtOnce({ retention }: QueueSettings, tags: readonly string[]): boolean {
  return tags.some((tag) => {
    const { age, keep, bytes } = retention.get(tag) ?? {}
    return age === 0 || keep === 0 || bytes === 0
  })
}

/** A transition that has a reason: the error that was thrown, or what stands for it. */
export type Failure<Output = unknown, Emitted = EventData> = Transition<Output, Emitted> & {
  readonly error: ErrorSummary
}

/** What a queue and a worker tell their listeners of. */
export interface QueueEvents<Output = unknown, Emitted = EventData> {
  transition: Transition<Output, Emitted>
  succeeded: Transition<Output, Emitted>
  retrying: Transition<Output, Emitted>
  dead: Failure<Output, Emitted>
  cancelled: Transition<Output, Emitted>
  quarantined: Failure<Output, Emitted>
  leaseLost: Failure<Output, Emitted>
  progress: { readonly queue: string; readonly id: string; readonly progress: unknown }
  /** The worker claims nothing though messages are due, since `dueSince` (milliseconds since 1970, by the store's clock). */
  stalled: { readonly queue: string; readonly dueSince: number }
  /** Too few lock nodes answer: nothing is claimed until they do. */
  locksUnavailable: { readonly queue: string; readonly reason: Error }
  locksAvailable: { readonly queue: string }
  error: Error
}

const BY_TAG = ['succeeded', 'retrying', 'dead', 'cancelled', 'quarantined'] as const

/** Names of the events that tell of a transition: always `transition`, then those of its tags. */
export function eventNames({ tags, from, to, error }: Transition): (keyof QueueEvents)[] {
  const entered = BY_TAG.filter((tag) => tags.includes(tag) && from !== to)
  return ['transition', ...entered, ...(error?.code === 'E_LEASE_LOST' ? ['leaseLost' as const] : [])]
}
