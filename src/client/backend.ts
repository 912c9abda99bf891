import { createMemoryLocks } from '../lock/memory-locks.ts'
import { createRedlock } from '../lock/redlock.ts'
import type { Locks } from '../lock/locks.ts'
import { DEFAULTS } from '../options.ts'
import { createConfirmer, type Confirmer, type Durability } from '../store/confirmer.ts'
import { openConnection, type RedisAddress } from '../store/connection.ts'
import { createKeys } from '../store/keys.ts'
import { createMemoryStore, type MemoryStore } from '../store/memory-store.ts'
import { createRedisStore } from '../store/redis-store.ts'
import type { Store } from '../store/store.ts'

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

export interface RedisBackendOptions {
  readonly redis: RedisAddress
  readonly prefix: string
  readonly commandTimeout: number
  readonly feed: number
  readonly durability?: Durability | undefined
}

export function redisBackend(options: RedisBackendOptions): Backend {
  const keys = createKeys(options.prefix)
  const tokenTtl = Math.max(DEFAULTS.tokenTtl, 6 * options.commandTimeout)
  const store = createRedisStore({ ...options, tokenTtl })
  const locks = createRedlock(() => openConnection(options.redis, options), keys.lock, options.commandTimeout)
  const confirmer = options.durability && createConfirmer({ ...options, ...options.durability, tokenTtl })
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

export function memoryBackend(store: MemoryStore = createMemoryStore()): Backend {
  const locks = createMemoryLocks(store)
  return { store, locks, close: () => store.close() }
}

/**
 * A private server for development: `redis-server` or `valkey-server` from PATH, in a child process that ends with this one; else
 * the memory store, and `told` hears of it.
 */
export async function embeddedBackend(
  options: Omit<RedisBackendOptions, 'redis'>,
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
