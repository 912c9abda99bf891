import type { RedisAddress } from '../../src/index.ts'

interface Job {
  readonly name: string
  readonly redis: RedisAddress
  /** Milliseconds. */
  readonly commandTimeout: number
  /** Where it writes down what it does. */
  readonly records: string
}

export type WorkerJob = Job

export interface ProducerJob extends Job {
  readonly seed: number
  /** Numbers of its messages: from `first`, every `step`th, `count` of them. */
  readonly first: number
  readonly step: number
  readonly count: number
  /** Whether a replica is to confirm each send. */
  readonly confirmed: boolean
}

/** Exit code of a process that found no Redis at its start. */
export const AWAY = 3
