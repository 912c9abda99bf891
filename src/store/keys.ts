import { RedriveError } from '../errors.ts'
import { show } from '../options.ts'
import type { Partition } from './store.ts'

/**
 * Every key and channel name of Redrive. What belongs to a partition begins with its base, whose braces are a hash tag: all of
 * it lies in one slot of a Redis Cluster, so that one script may touch all of it. The scripts append the same parts
 * (`:m:`, `:s:` …) to the base that they are given as `KEYS[1]`.
 */
export interface Keys {
  /** `rd:{emails:0}` */
  base(partition: Partition): string
  message(partition: Partition, id: string): string
  state(partition: Partition, state: string): string
  states(partition: Partition): string
  lock(partition: Partition, id: string): string
  /** The lock of a message on the nodes of a quorum: another name, for one of them may be the store's own server. */
  quorumLock(partition: Partition, id: string): string
  inbox(partition: Partition, id: string): string
  /** Bytes of the messages that are counted. */
  bytes(partition: Partition): string
  /** Members of the sets that were found without a message, and when first. */
  missing(partition: Partition): string
  /** There while nothing is to be claimed. */
  paused(partition: Partition): string
  /** Ids of the messages that an operation has discarded and that are kept for a while. */
  undo(partition: Partition, operation: string): string
  events(partition: Partition): string
  /** Texts that are too large for the feed. */
  large(partition: Partition): string
  /** Position of the last entry that was trimmed from the feed. */
  trimmed(partition: Partition): string
  feedChannel(partition: Partition): string
  largeChannel(partition: Partition): string
  wakeChannel(partition: Partition): string
  /** Written by `probe` and `rights`, and taken away at once; of a partition where one is named. */
  probe(partition?: Partition): string
  /** Nobody listens to it. */
  probeChannel(partition?: Partition): string
  /** The definitions of all queues; outside of any partition, and touched by no script. */
  queues(): string
  /** The versions of machines that a queue has seen; likewise. */
  machines(queue: string): string
  /** What the workers of a queue tell of themselves; likewise. */
  workers(queue: string): string
  /** How far operations are; likewise. */
  operations(): string
  /** What was done by whom, in all queues. */
  audit(): string
}

export function createKeys(prefix: string): Keys {
  if (typeof prefix !== 'string' || !/^[\w.-]{1,32}$/.test(prefix)) {
    throw new RedriveError(
      'E_INVALID_OPTION',
      `prefix must be 1 to 32 letters, digits and . _ -; got ${show(prefix)}.`,
      {
        path: 'prefix',
      },
    )
  }
  const base = ({ queue, index }: Partition): string => `${prefix}:{${queue}:${index}}`
  return {
    base,
    message: (partition, id) => `${base(partition)}:m:${id}`,
    state: (partition, state) => `${base(partition)}:s:${state}`,
    states: (partition) => `${base(partition)}:states`,
    lock: (partition, id) => `${base(partition)}:l:${id}`,
    quorumLock: (partition, id) => `${base(partition)}:q:${id}`,
    inbox: (partition, id) => `${base(partition)}:i:${id}`,
    bytes: (partition) => `${base(partition)}:bytes`,
    missing: (partition) => `${base(partition)}:missing`,
    paused: (partition) => `${base(partition)}:paused`,
    undo: (partition, operation) => `${base(partition)}:undo:${operation}`,
    events: (partition) => `${base(partition)}:events`,
    large: (partition) => `${base(partition)}:large`,
    trimmed: (partition) => `${base(partition)}:trimmed`,
    feedChannel: (partition) => `${base(partition)}:feed`,
    largeChannel: (partition) => `${base(partition)}:large`,
    wakeChannel: (partition) => `${base(partition)}:wake`,
    probe: (partition) => `${partition ? base(partition) : prefix}:probe`,
    probeChannel: (partition) => `${partition ? base(partition) : prefix}:probe`,
    queues: () => `${prefix}:queues`,
    machines: (queue) => `${prefix}:machines:${queue}`,
    workers: (queue) => `${prefix}:workers:${queue}`,
    operations: () => `${prefix}:operations`,
    audit: () => `${prefix}:audit`,
  }
}

/** The partition of a message: FNV-1a over the id's UTF-16 units, so that any language can compute it. */
export function partitionOf(queue: string, id: string, partitions: number): Partition {
  if (partitions === 1) return { queue, index: 0 }
  let hash = 0x811c9dc5
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193)
  return { queue, index: (hash >>> 0) % partitions }
}
