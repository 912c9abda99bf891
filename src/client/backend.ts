import { createMemoryLocks } from '../lock/memory-locks.ts'
import { createRedlock } from '../lock/redlock.ts'
import type { Locks } from '../lock/locks.ts'
import { DEFAULTS } from '../options.ts'
import { createConfirmer, type Confirmer, type Durability } from '../store/confirmer.ts'
import { openConnection, type RedisAddress } from '../store/connection.ts'
import { addressOptions } from '../store/redis-address.ts'
import type { FeedBounds } from '../store/bounds.ts'
import { createFeedKeeper } from '../store/feed-keeper.ts'
import { createKeys } from '../store/keys.ts'
import { createMemoryStore, type MemoryStore } from '../store/memory-store.ts'
import { createRedisStore } from '../store/redis-store.ts'
import type { Store } from '../store/store.ts'
import type { RedriveOptions } from './redrive-options.ts'

/** What a client stands on. */
export interface Backend {
  readonly store: Store
  readonly locks: Locks
  /** Where there are replicas that can confirm. */
  readonly confirmer?: Confirmer
  /** How the server is reached, where there is one. */
  readonly address?: RedisAddress
  /** The same as text, for people and for child processes. */
  readonly url?: string
  close(): Promise<void>
}

export interface BackendSettings {
  readonly prefix: string
  readonly commandTimeout: number
  readonly feed: FeedBounds
  readonly durability?: Durability | undefined
}

/**
 * The one that the options of a client ask for; `told` hears what its user should know of it.
 * @throws RedriveError `E_INVALID_OPTION`, at once, for an address that is none
 */
export function backendOf(
  { store, embedded, redis }: RedriveOptions,
  settings: BackendSettings,
  told: (text: string) => void,
): Promise<Backend> {
  if (store) return Promise.resolve(memoryBackend(store))
  if (embedded) return embeddedBackend(settings, typeof embedded === 'object' ? embedded.directory : undefined, told)
  return Promise.resolve(redisBackend({ ...settings, redis: addressOf(redis) }))
}

/** Checked under the name of the place where it was found. Set to nothing, the variable is not set. */
function addressOf(given: RedisAddress | undefined): RedisAddress {
  if (given !== undefined) return settled(given, 'redis')
  return settled(process.env['REDIS_URL'] || DEFAULTS.redis, 'REDIS_URL')
}

/** A client of ioredis may change, and is not ours: its options are taken as they are now. */
function settled(address: RedisAddress, path: string): RedisAddress {
  const options = addressOptions(address, path)
  return typeof address === 'string' ? address : options
}

function redisBackend(options: BackendSettings & { readonly redis: RedisAddress }): Backend {
  const keys = createKeys(options.prefix)
  const tokenTtl = Math.max(DEFAULTS.tokenTtl, 6 * options.commandTimeout)
  const feeds = createFeedKeeper(options.feed)
  const store = createRedisStore({ ...options, tokenTtl, feeds })
  const locks = createRedlock(() => openConnection(options.redis, options), keys.lock, options.commandTimeout)
  const confirmer = options.durability && createConfirmer({ ...options, ...options.durability, tokenTtl, feeds })
  return {
    store,
    locks,
    address: options.redis,
    ...(confirmer ? { confirmer } : {}),
    ...(typeof options.redis === 'string' ? { url: options.redis } : {}),
    async close() {
      confirmer?.close()
      await Promise.all([store.close(), locks.close()])
    },
  }
}

function memoryBackend(store: MemoryStore = createMemoryStore()): Backend {
  const locks = createMemoryLocks(store)
  return { store, locks, close: () => store.close() }
}

/**
 * A private server for development: `redis-server` or `valkey-server` from PATH, in a child process that ends with this one; else
 * the memory store, and `told` hears of it.
 */
async function embeddedBackend(
  options: BackendSettings,
  directory: string | undefined,
  told: (text: string) => void,
): Promise<Backend> {
  // Loaded when asked for: a program that talks to a real server has no use for it.
  const { findRedisServer, startEmbeddedRedis } = await import('../embedded/embedded-redis.ts')
  if (!findRedisServer()) {
    told('no redis-server or valkey-server on PATH: messages live in the memory of this process, and end with it')
    return memoryBackend()
  }
  const server = await startEmbeddedRedis(directory === undefined ? {} : { directory })
  const backend = redisBackend({ ...options, redis: server.url })
  return {
    ...backend,
    url: server.url,
    async close() {
      await backend.close()
      await server.stop()
    },
  }
}
