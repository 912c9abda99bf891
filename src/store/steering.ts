import type { Partition } from './store.ts'

/** What operators do to a queue beside its messages, and what is told of it. */
export interface Steering {
  /** Lets no claim take anything from a partition until it is let again; lasting. Returns whether that changed anything. */
  pause(partition: Partition, paused: boolean): Promise<boolean>
  paused(partition: Partition): Promise<boolean>
  /** Deletes one message as `remove` does, and keeps what it was for a while, so that `restore` can bring it back. */
  discard(partition: Partition, request: DiscardRequest): Promise<'removed' | 'locked' | 'missing'>
  /** Ids of the messages that an operation has discarded, the first one first, as long as they are kept. */
  discarded(partition: Partition, operation: string): Promise<string[]>
  /** Brings discarded messages back to where they were. */
  restore(partition: Partition, ids: readonly string[]): Promise<RestoreStatus[]>
  /** Notes what a worker tells of itself, instead of what it told before; nothing takes it away. */
  report(queue: string, worker: string, text: string | undefined): Promise<void>
  /** What workers told of themselves last, by their names. */
  reports(queue: string): Promise<Map<string, string>>
  /**
   * Notes what an operation tells of itself, instead of what it told before; nothing takes it away. Returns whether somebody wants it to
   * stop.
   */
  tellOperation(operation: string, text: string | undefined): Promise<boolean>
  /** What operations told of themselves last, by their ids. */
  operations(): Promise<Map<string, string>>
  /** Asks an operation to stop, wherever it runs. */
  stopOperation(operation: string): Promise<void>
  /** Notes what somebody did; the oldest of ten thousand go. */
  record(fields: Readonly<Record<string, string>>): Promise<void>
  /** What was noted, the newest first. */
  records(count: number): Promise<AuditRecord[]>
}

export interface DiscardRequest {
  readonly id: string
  /** Value of the lock that the caller holds. */
  readonly token: string
  readonly operation: string
  /** Milliseconds. */
  readonly keepFor: number
}

/** `present`: a message with this id is there; it is left as it is. `gone`: it is kept no more. */
export type RestoreStatus = 'restored' | 'present' | 'gone'

export interface AuditRecord {
  /** Milliseconds since 1970 by the store's clock. */
  readonly at: number
  readonly fields: Readonly<Record<string, string>>
}

/** Records that are kept, approximately. */
export const AUDIT_CAP = 10_000
