import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import { decodeTransitions } from '../../src/events/transition-text.ts'
import type { Transition } from '../../src/message.ts'
import { createKeys } from '../../src/store/keys.ts'
import { createRedisStore } from '../../src/store/redis-store.ts'
import type { ClaimedMessage, CommitEntry, NewMessage, Partition, Store } from '../../src/store/store.ts'
import type { EventData } from '../../src/message.ts'
import { mailText } from '../../src/events/mail-text.ts'
import { startTestRedis } from '../support/redis.ts'

/** One real Redis, and in it a partition for each crowd of messages. */
export interface Ground {
  /** A partition in which nothing is yet. */
  plot(): Plot
  close(): Promise<void>
}

/** What a worker does with its store, for many messages in one round trip. */
export interface Plot {
  enqueue(messages: readonly NewMessage[]): Promise<void>
  deliver(events: readonly { readonly id: string; readonly event: EventData }[]): Promise<void>
  /** Makes messages due now, whatever their timers say: in a test, time passes when it is told to. */
  wake(messages: readonly { readonly id: string; readonly state: string }[]): Promise<void>
  /** Claims all that is due, by id. */
  claim(): Promise<ReadonlyMap<string, ClaimedMessage>>
  /** Reads messages as their holder would find them; one that nobody holds has no fence. */
  read(ids: readonly string[]): Promise<Map<string, ClaimedMessage>>
  /** @throws unless all are applied. */
  commit(entries: readonly CommitEntry[]): Promise<void>
  /** What the feed has told since the last time. */
  news(): Promise<Transition[]>
}

const SETTINGS = { prefix: 'rd', commandTimeout: 20_000, feed: 100_000, tokenTtl: 60_000 }
const WORKER = 'differential'
/** No lease ends while a test runs. */
const LEASE = 3_600_000

export async function openGround(): Promise<Ground> {
  const server = await startTestRedis()
  const redis = server.client()
  const store = createRedisStore({ ...SETTINGS, redis: server.url })
  await store.ready()
  let plots = 0
  return {
    plot: () => createPlot(store, redis, { queue: `plot${plots++}`, index: 0 }),
    async close() {
      await store.close()
      await server.stop()
    },
  }
}

function createPlot(store: Store, redis: Redis, partition: Partition): Plot {
  const keys = createKeys(SETTINGS.prefix)
  let told = '0'
  return {
    async enqueue(messages) {
      await store.enqueue(partition, token(), messages)
    },
    async deliver(events) {
      if (events.length === 0) return
      const deliveries = events.map(({ id, event }) => ({ id, event: mailText(event) }))
      const answers = await store.deliver(partition, token(), deliveries)
      if (answers.some((answer) => answer !== 'delivered')) throw new Error(`not delivered: ${answers.join()}`)
    },
    async wake(messages) {
      await Promise.all(messages.map(({ id, state }) => redis.zadd(keys.state(partition, state), 'XX', 1, id)))
    },
    async claim() {
      const request = { token: token(), worker: WORKER, limit: 1000, lease: LEASE }
      const { messages } = await store.claim(partition, request)
      return new Map(messages.map((message) => [message.id, message]))
    },
    async read(ids) {
      const found = await store.read(partition, ids)
      return new Map(
        found.map((each, i) => {
          if (!each) throw new Error(`${ids[i]} is not there`)
          return [each.message.id, { ...each.message, fence: each.message.owner ?? '0:none', dueAt: 0 }]
        }),
      )
    },
    async commit(entries) {
      if (entries.length === 0) return
      const { results } = await store.commit(partition, { worker: WORKER, lease: LEASE, entries })
      const refused = results.findIndex(({ status }) => status !== 'applied')
      if (refused >= 0) throw new Error(`the commit of ${entries[refused]!.id} is ${results[refused]!.status}`)
    },
    async news() {
      const { entries } = await store.readFeed(partition, told, 10_000)
      told = entries.at(-1)?.position ?? told
      return entries.flatMap(({ at, text }) => decodeTransitions(partition.queue, at, text))
    },
  }
}

const token = (): string => randomBytes(16).toString('hex')
