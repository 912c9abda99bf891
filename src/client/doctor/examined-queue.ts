import type { Keys } from '../../store/keys.ts'
import type { IndexFault } from '../../store/index-fault.ts'
import type { Partition } from '../../store/store.ts'
import { createCaseList, type CaseBook, type CaseList } from './case-list.ts'
import type { ForeignKey } from './foreign-keys.ts'

/** What was seen of one queue. */
export interface ExaminedQueue {
  readonly name: string
  /** As stored; `undefined` when the stored text cannot be read. */
  readonly partitions: readonly Partition[] | undefined
  /** Keys of the queue itself that are of another type. While there are any, its scripts fail, and nothing else of it can be examined. */
  readonly foreign: readonly ForeignKey[]
  readonly faults: CaseBook<IndexFault>
  /** Events of messages that are no more. */
  readonly leftovers: CaseList
  /** Messages whose machine never came to the queue, by its reference. */
  readonly strangers: CaseBook<string>
  readonly arrivals: ReadonlyMap<string, number>
  /** Messages that workers claim and put back, because none of them knows their version, by its reference. */
  readonly inVain: CaseBook<string>
  /** The newest version that a worker knows which is alive; `undefined` when none is, or none tells. */
  readonly newestAlive: number | undefined
  readonly alive: ReadonlySet<string>
  /** Its index was not compared with its messages, for which scripts are needed. */
  unread: boolean
  /** Due for longer than a minute. */
  overdue: number
  /** Of the longest overdue ones, those that a worker had, and those that none had. */
  readonly leased: CaseList
  readonly waiting: CaseList
  /** How long the oldest has been due, in milliseconds. */
  oldest: number
  /** Connections that listen for due messages. */
  listeners: number
  /** Partitions that somebody has paused. */
  paused: number
  quarantined: number
  readonly quarantine: CaseList
  /** Where it was counted: what the counter says beyond what its messages say, and whether that was put right. */
  readonly bytes: { excess: number; repaired: number }
}

export function newExaminedQueue(
  name: string,
  partitions: readonly Partition[] | undefined,
  arrivals: ReadonlyMap<string, number>,
  foreign: readonly ForeignKey[],
  alive: ReadonlySet<string> = new Set(),
): ExaminedQueue {
  const known = [...alive].flatMap((ref) => arrivals.get(ref) ?? [])
  return {
    inVain: new Map(),
    newestAlive: known.length === 0 ? undefined : Math.max(...known),
    alive,
    unread: false,
    name,
    partitions,
    arrivals,
    foreign,
    faults: new Map(),
    leftovers: createCaseList(),
    strangers: new Map(),
    overdue: 0,
    leased: createCaseList(),
    waiting: createCaseList(),
    oldest: 0,
    listeners: 0,
    paused: 0,
    quarantined: 0,
    quarantine: createCaseList(),
    bytes: { excess: 0, repaired: 0 },
  }
}

/** A key of a partition, taken apart. */
export interface PartitionKey {
  readonly partition: Partition
  /** `m` a message, `i` an inbox, `n` ids of events; anything else is of no interest here. */
  readonly kind: string
  readonly id: string
}

export function parseKey(keys: Keys, key: string): PartitionKey | undefined {
  const [, queue, index, kind = '', id = ''] = /\{(.+):(\d+)\}:(\w+)(?::(.*))?$/s.exec(key) ?? []
  if (queue === undefined) return undefined
  const partition = { queue, index: Number(index) }
  return key.startsWith(`${keys.base(partition)}:`) ? { partition, kind, id } : undefined
}
