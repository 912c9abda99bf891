import { RedriveError } from '../errors.ts'
import { checkNames, show, type Duration } from '../options.ts'
import type { RedisAddress } from '../store/connection.ts'
import type { MemoryStore } from '../store/memory-store.ts'
import type { Logger } from '../telemetry/log.ts'
import type { FeedOption } from './feed-option.ts'
import type { DurabilityOptions } from './durability.ts'
import type { LockOptions } from './lock-nodes.ts'
import type { OutboxOptions } from './outbox/outbox-options.ts'

export interface RedriveOptions {
  /**
   * `redis://…`, `rediss://…`, `unix:///…`, options of ioredis, or a client of ioredis, whose options are taken (it is neither used nor
   * closed). Default: `REDIS_URL`, else `redis://127.0.0.1:6379`. See docs/reference/connecting.md.
   */
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
  /** How much of the feed is kept of a queue that does not say so itself. Default 10,000 entries and 32 MiB. */
  readonly feed?: FeedOption
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

/** How other libraries take an address; each by what it is here. */
const PARTS_OF_REDIS = [
  'connection',
  'client',
  'ioredis',
  'url',
  'uri',
  'host',
  'port',
  'path',
  'username',
  'password',
  'db',
  'tls',
  'sentinels',
]

/** @throws RedriveError `E_INVALID_OPTION` */
export function checkOptions(options: RedriveOptions): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new RedriveError('E_INVALID_OPTION', `new Redrive() takes an object of options; got ${show(options)}.`)
  const part = Object.keys(options).find((name) => PARTS_OF_REDIS.includes(name))
  if (part !== undefined) throw partOfRedis(part)
  checkNames(options, '', OPTIONS, 'a client')
  checkOnePlace(options)
  const { embedded } = options
  if (typeof embedded === 'object' && (embedded as object | null) !== null)
    checkNames(embedded, 'embedded', ['directory'])
  else if (embedded !== undefined && typeof embedded !== 'boolean')
    throw invalid('embedded', `embedded must be true, false or { directory }; got ${show(embedded)}.`)
}

function partOfRedis(name: string): RedriveError {
  const whole = ['connection', 'client', 'ioredis', 'url', 'uri'].includes(name)
  const fix = whole
    ? `{ redis: … } takes a URL, options of ioredis, or a client of it`
    : `write { redis: { ${name}: … } }`
  return invalid(name, `a client has no option "${name}": ${fix}.`)
}

/** One of them would be ignored. */
function checkOnePlace({ redis, store, embedded }: RedriveOptions): void {
  const given = Object.entries({ redis, store, embedded: embedded === false ? undefined : embedded })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name)
  if (given.length < 2) return
  throw invalid(
    given[1]!,
    `${given.join(' and ')} are given, and each says where messages are kept. Leave out all but one.`,
  )
}

const invalid = (path: string, message: string): RedriveError => new RedriveError('E_INVALID_OPTION', message, { path })
