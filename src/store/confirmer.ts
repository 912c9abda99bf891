import { withDeadline } from '../deadline.ts'
import {
  describeAddress,
  disconnect,
  openConnection,
  toRedriveError,
  withTrouble,
  type RedisAddress,
} from './connection.ts'
import { feedBytes, type FeedKeeper } from './feed-keeper.ts'
import { createKeys } from './keys.ts'
import { createScripts, type ScriptSettings } from './scripts.ts'
import type { Store } from './store.ts'

/** What is sent and must survive a failover. */
export type ConfirmedWrites = Pick<Store, 'enqueue' | 'deliver'>

export interface Durability {
  /** Replicas that must have a write for it to count as confirmed. */
  readonly replicas: number
  /** Longest wait for them, in milliseconds. */
  readonly timeout: number
}

/**
 * Writes, and asks the server how many replicas have them (`WAIT`). On a connection of its own: the server answers nothing else on
 * it meanwhile, and claims and heartbeats must not stand behind a replica that lags.
 */
export interface Confirmer {
  /** What the write answered, and how many replicas have it; fewer than asked for when the time was up. */
  confirm<T>(write: (writes: ConfirmedWrites) => Promise<T>): Promise<{ readonly answer: T; readonly replicas: number }>
  close(): void
}

export interface ConfirmerOptions extends ScriptSettings, Durability {
  readonly redis: RedisAddress
  readonly prefix: string
  readonly commandTimeout: number
  readonly feeds: FeedKeeper
}

export function createConfirmer(options: ConfirmerOptions): Confirmer {
  // Silent for as long as the replicas are waited for, and no peer that is gone.
  const redis = openConnection(options.redis, { commandTimeout: options.commandTimeout + options.timeout })
  const scripts = createScripts(redis, options)
  const keys = createKeys(options.prefix)
  const where = describeAddress(options.redis)
  // WAIT counts the replicas that have what *this* connection wrote. On a connection that was made anew in between it would
  // count them for nothing, and confirm what may be lost; so then both are done again, which every script allows, and writes again.
  let connections = 0
  redis.on('close', () => connections++)

  const writes: ConfirmedWrites = {
    enqueue: (partition, token, messages, bounds) => {
      const base = keys.base(partition)
      const call = scripts.enqueue(base, token, messages, bounds)
      if (options.feeds.isDue(partition, feedBytes(messages)))
        scripts.prune(base, options.feeds.boundsOf(partition)).catch(() => {})
      return call
    },
    deliver: (partition, token, deliveries) => scripts.deliver(keys.base(partition), token, deliveries),
  }

  async function attempt<T>(write: (writes: ConfirmedWrites) => Promise<T>): Promise<{ answer: T; replicas: number }> {
    for (;;) {
      const connection = connections
      // Both are on their way before the first is answered: one round trip, and nothing of others in between.
      const [answer, replicas] = await Promise.all([write(writes), redis.wait(options.replicas, options.timeout)])
      if (connection === connections) return { answer, replicas }
    }
  }

  return {
    async confirm(write) {
      const since = performance.now()
      try {
        return await withDeadline(attempt(write), options.commandTimeout + options.timeout, where)
      } catch (error) {
        throw withTrouble(toRedriveError(error, where), redis, since)
      }
    },
    close: () => disconnect(redis),
  }
}
