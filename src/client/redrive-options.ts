import { RedriveError } from '../errors.ts'
import { checkNames, show, type Duration } from '../options.ts'
import type { RedisAddress } from '../store/connection.ts'
import type { MemoryStore } from '../store/memory-store.ts'
import type { Logger } from '../telemetry/log.ts'
import type { DurabilityOptions } from './durability.ts'
import type { LockOptions } from './lock-nodes.ts'
import type { OutboxOptions } from './outbox/outbox-options.ts'

export interface RedriveOptions {
  /** `redis://…`, `rediss://…`, `unix:///…` or the options of ioredis. Default: `REDIS_URL`, else `redis://127.0.0.1:6379`. */
  readonly redis?: RedisAddress
  /** A private redis-server for development that ends with this process; without one on the machine, memory. `directory` keeps its data. */
  readonly embedded?: boolean | { readonly directory?: string }
  /** A store in memory, for tests: `createMemoryStore()`. */
  readonly store?: MemoryStore
  /** Locks on further servers, by majority, beside the one of the store. Default none; see docs/guides/locking.md. */
  readonly locks?: LockOptions
  /** How many replicas are to confirm what is sent; the answer of a send says how many did. Default none; see docs/guides/durability.md. */
  readonly durability?: DurabilityOptions
  /** Keeps what is sent while Redis is away, on the disk of this machine. Default none: such a send fails; see docs/guides/outbox.md. */
  readonly outbox?: OutboxOptions
  /** First part of every key. Default `'rd'`. */
  readonly prefix?: string
  /** How long a command may go unanswered before it fails with `E_REDIS_UNAVAILABLE`. Default `'10s'`; bounds 100 ms–10 min. */
  readonly commandTimeout?: Duration
  /** Commit batches kept in the feed of each partition, about. Default 10,000. */
  readonly feed?: number
  /** Default: warnings and errors to stderr. */
  readonly logger?: Logger
}

const OPTIONS = [
  'redis',
  'embedded',
  'store',
  'locks',
  'durability',
  'outbox',
  'prefix',
  'commandTimeout',
  'feed',
  'logger',
]

/** @throws RedriveError `E_INVALID_OPTION` */
export function checkOptions(options: RedriveOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new RedriveError('E_INVALID_OPTION', `new Redrive() takes an object of options; got ${show(options)}.`)
  checkNames(options, '', OPTIONS, 'a client')
}
