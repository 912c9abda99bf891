import type { Redis } from 'ioredis'
import { isError, RedriveError } from '../errors.ts'
import { isQueueName } from '../message.ts'
import { show } from '../options.ts'
import {
  connect,
  describeAddress,
  disconnect,
  openConnection,
  toRedriveError,
  type RedisAddress,
} from './connection.ts'
import { createDatabaseCheck, guarded } from './guarded-calls.ts'
import { createKeys, type Keys } from './keys.ts'
import { parseMessage } from './layout.ts'
import type { FeedBounds } from './bounds.ts'
import { createFeedKeeper, feedBytes, roundBytes, type FeedKeeper } from './feed-keeper.ts'
import { latestDefinition, readDefinition } from './queue-definition.ts'
import { createChannels } from './redis-channels.ts'
import { createRecords } from './records.ts'
import { createRedisFeed } from './redis-feed.ts'
import { createRedisLookout } from './redis-lookout.ts'
import { createRedisSteering } from './redis-steering.ts'
import { addressOptions } from './redis-address.ts'
import { createRights } from './rights.ts'
import { createScripts, type Scripts, type ScriptSettings } from './scripts.ts'
import { latest } from './arrivals.ts'
import {
  PARKED,
  type ListedMessage,
  type Partition,
  type QueueDefinition,
  type Store,
  QUARANTINED,
  type StoredMessage,
} from './store.ts'

export interface RedisStoreOptions extends ScriptSettings {
  readonly redis: RedisAddress
  readonly prefix: string
  /** Milliseconds. */
  readonly commandTimeout: number
  /** How much of the feed of a queue is kept, where its definition does not say: entries, or that and bytes. */
  readonly feed: number | Partial<FeedBounds>
  /** Default: one of its own. */
  readonly feeds?: FeedKeeper
}

/** The store of the product: one connection for commands, a second one for subscriptions once there are any. */
export function createRedisStore(options: RedisStoreOptions): Store {
  const keys = createKeys(options.prefix)
  const redis = openConnection(options.redis, options)
  const scripts = createScripts(redis, options)
  const where = describeAddress(options.redis)
  const user = addressOptions(options.redis).username ?? 'default'
  const channels = createChannels(
    () => openConnection(options.redis, options),
    keys,
    (error) => toRedriveError(error, where),
  )
  const feeds = options.feeds ?? createFeedKeeper(options.feed)
  const store = {
    ...scripted(redis, scripts, { keys, feeds }),
    ...reading(redis, keys),
    ...createRedisFeed(redis, keys),
    ...definitions(redis, scripts, { keys, feeds }),
    ...createRedisLookout(redis, keys),
    ...createRedisSteering(redis, scripts, keys),
    answered: createRecords(redis, keys),
    async probe() {
      const start = performance.now()
      await scripts.probe(keys.probe())
      return performance.now() - start
    },
    checkRights: createRights(scripts, keys, { where, user, prefix: options.prefix }),
  }
  const database = createDatabaseCheck(redis, where)
  const calls = guarded(store, redis, { where, timeout: options.commandTimeout, database })
  return {
    ...calls,
    // Without the deadline: a subscription that is late is not undone, and comes into force when the server is back.
    subscribe: (partition, listener) =>
      channels.subscribe(partition, listener).catch((error: unknown) => {
        throw toRedriveError(error, where)
      }),
    async ready() {
      const facts = await connect(redis, options.redis, options)
      await database()
      return facts
    },
    async close() {
      disconnect(redis)
      channels.close()
    },
  }
}

type Scripted = Pick<
  Store,
  'enqueue' | 'claim' | 'commit' | 'round' | 'heartbeat' | 'deliver' | 'trim' | 'prune' | 'forget' | 'repair' | 'remove'
>

interface Places {
  readonly keys: Keys
  readonly feeds: FeedKeeper
}

function scripted(redis: Redis, scripts: Scripts, { keys, feeds }: Places): Scripted {
  const prune = (partition: Partition): Promise<number> =>
    scripts.prune(keys.base(partition), feeds.boundsOf(partition))

  /** Behind a write, on the same connection; nobody waits for it, and the next one makes up for one that fails. */
  function pruneAfter<T>(call: Promise<T>, partition: Partition, written: number): Promise<T> {
    if (feeds.isDue(partition, written)) prune(partition).catch(() => {})
    return call
  }

  return {
    enqueue: (partition, token, messages, bounds) =>
      pruneAfter(scripts.enqueue(keys.base(partition), token, messages, bounds), partition, feedBytes(messages)),
    claim: (partition, request) => scripts.claim(keys.base(partition), request),
    commit: (partition, batch) =>
      pruneAfter(scripts.commit(keys.base(partition), batch), partition, feedBytes(batch.entries)),
    prune,
    round: (partition, request) =>
      pruneAfter(scripts.round(keys.base(partition), request), partition, roundBytes(request)),
    heartbeat: (partition, lease, beats) => scripts.heartbeat(keys.base(partition), lease, beats),
    deliver: (partition, token, deliveries) => scripts.deliver(keys.base(partition), token, deliveries),
    trim: (partition, request) => scripts.trim(keys.base(partition), request),
    async forget(partition, request) {
      if (!request.ids && (await redis.exists(keys.missing(partition))) === 0) return 0
      return (await slotsMove(redis)) ? 0 : scripts.forget(keys.base(partition), request)
    },
    repair: (partition, how, ids) => scripts.repair(keys.base(partition), how, ids),
    remove: (partition, id, token) => scripts.remove(keys.base(partition), id, token),
  }
}

/** Whether slots are on their way between the servers of a cluster: what is not here may then be there. */
async function slotsMove(redis: Redis): Promise<boolean> {
  if (!/^cluster_enabled:1/m.test(await redis.info('cluster'))) return false
  return /\[\d+-[<>]-/.test(String(await redis.cluster('NODES')))
}

function reading(redis: Redis, keys: Keys): Pick<Store, 'inbox' | 'glance' | 'read' | 'list' | 'stats'> {
  const inbox = (partition: Partition, id: string): Promise<string[]> => redis.lrange(keys.inbox(partition, id), 0, -1)

  async function one(partition: Partition, id: string): Promise<StoredMessage | undefined> {
    // Both are written to the connection in one go.
    const [fields, events] = await Promise.all([
      orForeign(redis.hgetall(keys.message(partition, id))),
      orForeign(inbox(partition, id)),
    ])
    if (fields === undefined) return foreignMessage(id, keys.message(partition, id))
    return fields['s'] === undefined ? undefined : parseMessage(id, Object.entries(fields).flat(), events ?? [])
  }

  return {
    inbox,
    glance: (partition, ids) =>
      Promise.all(
        ids.map(async (id) => {
          const found = await orForeign(redis.hmget(keys.message(partition, id), 's', 'x'))
          if (found === undefined) return { state: QUARANTINED }
          const [state, status] = found
          if (typeof state !== 'string') return undefined
          return typeof status === 'string' ? { state, status } : { state }
        }),
      ),
    read: (partition, ids) =>
      Promise.all(
        ids.map(async (id) => {
          const message = await one(partition, id)
          if (!message) return undefined
          const score = await redis.zscore(keys.state(partition, message.state), id)
          return { message, attentionAt: attentionOf(Number(score ?? PARKED)) }
        }),
      ),
    async list(partition, { state, offset, limit, newestFirst }) {
      const key = keys.state(partition, state)
      const flat = newestFirst
        ? await redis.zrange(key, '+inf', '-inf', 'BYSCORE', 'REV', 'LIMIT', offset, limit, 'WITHSCORES')
        : await redis.zrange(key, '-inf', '+inf', 'BYSCORE', 'LIMIT', offset, limit, 'WITHSCORES')
      const ids = flat.filter((_, i) => i % 2 === 0)
      const messages = await Promise.all(ids.map((id) => one(partition, id)))
      return messages.flatMap((message, i): ListedMessage[] =>
        message ? [{ message, attentionAt: attentionOf(Number(flat[2 * i + 1])) }] : [],
      )
    },
    async stats(partition) {
      const states = await redis.smembers(keys.states(partition))
      const [time, paused, ...sets] = await Promise.all([
        redis.time(),
        redis.exists(keys.paused(partition)),
        ...states.flatMap((state) => {
          const key = keys.state(partition, state)
          return [redis.zcard(key), redis.zrange(key, 0, '0', 'WITHSCORES')] as const
        }),
      ])
      const heads = sets.filter((_, i) => i % 2 === 1) as string[][]
      const due = heads.map(([, score]) => attentionOf(Number(score ?? PARKED))).filter((score) => score !== null)
      return {
        now: Number(time[0]) * 1000 + Math.floor(Number(time[1]) / 1000),
        paused: paused === 1,
        states: new Map(states.map((state, i) => [state, Number(sets[2 * i])])),
        ...(due.length > 0 ? { next: Math.min(...due) } : {}),
      }
    },
  }
}

/** `undefined` where the key holds a value of another type: that of another program. */
const orForeign = <T>(reply: Promise<T>): Promise<T | undefined> =>
  reply.catch((error: unknown) => {
    if (isError(error) && error.message.startsWith('WRONGTYPE')) return undefined
    throw error
  })

/** What stands in the place of a message is told like one that was put aside, so that whoever looks finds it. */
function foreignMessage(id: string, key: string): StoredMessage {
  const reason = `E_FOREIGN_KEY: "${key}" holds no hash, so it is no message of Redrive. Removing it deletes the key.`
  const fields = { q: JSON.stringify({ reason, event: { type: 'claim' }, state: QUARANTINED }) }
  return { id, revision: 0, state: QUARANTINED, fields, timers: [], journal: [], inbox: [], createdAt: 0, enteredAt: 0 }
}

/** Scores count up within a millisecond, for the order alone. */
const attentionOf = (score: number): number | null => (score < PARKED ? Math.floor(score) : null)

function definitions(
  redis: Redis,
  scripts: Scripts,
  { keys, feeds }: Places,
): Pick<Store, 'defineQueue' | 'queues' | 'arrive'> {
  return {
    async defineQueue(name, definition) {
      const stored = await scripts.note(keys.queues(), name, JSON.stringify(definition))
      const found = readDefinition(stored)
      if (found) {
        const latest = latestDefinition(found, definition)
        feeds.note(name, latest)
        // Also on a full server: a worker that starts there drains it.
        if (latest !== found) await scripts.report(keys.queues(), name, JSON.stringify(latest))
        return latest
      }
      throw new RedriveError(
        'E_FOREIGN_KEY',
        `what "${keys.queues()}" holds for "${name}" is no definition of a queue: ${show(stored)}. Put {"partitions":n} there, the number that its messages were sent with.`,
        { queue: name },
      )
    },
    async arrive(queue, refs) {
      const read = async (): Promise<Map<string, number>> => {
        const all = await redis.hgetall(keys.machines(queue))
        return new Map(Object.entries(all).map(([ref, at]) => [ref, Number(at) || 0]))
      }
      const known = await read()
      const fresh = refs.filter((ref) => !known.has(ref))
      if (fresh.length === 0) return known
      const [seconds, micros] = await redis.time()
      const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
      for (const ref of fresh) await scripts.note(keys.machines(queue), ref, String(latest(known, now)))
      return read()
    },
    async queues() {
      const all = await redis.hgetall(keys.queues())
      // What is none is of another program; it must not hide the others.
      const found = new Map(Object.entries(all).flatMap(([name, text]) => definitionOf(name, text)))
      for (const [name, definition] of found) feeds.note(name, definition)
      return found
    },
  }
}

function definitionOf(name: string, text: string): [string, QueueDefinition][] {
  const definition = isQueueName(name) ? readDefinition(text) : undefined
  return definition ? [[name, definition]] : []
}
