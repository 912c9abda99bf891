import type { WorkerStats } from '../worker/worker.ts'

/** What a client can do at this moment. */
export interface Health {
  /** `away`: it does not answer, or takes no writes (a replica, a full disk); `error` tells why. */
  readonly redis: 'up' | 'away'
  /** How long a write took, in milliseconds. */
  readonly latencyMs?: number
  readonly error?: Error
  /** The workers of this client. One with `stalledSince` gets no messages though some are due. */
  readonly workers: readonly ({ readonly name: string } & WorkerStats)[]
  /** What lies on the disk of this machine, with the option `outbox`. */
  readonly outbox?: { readonly batches: number; readonly bytes: number }
}
