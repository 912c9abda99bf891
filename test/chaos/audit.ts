import type { Redis } from 'ioredis'
import { decodeTransitions } from '../../src/events/transition-text.ts'
import { createKeys } from '../../src/store/keys.ts'
import { parseMessage } from '../../src/store/layout.ts'
import { PARKED, type StoredMessage } from '../../src/store/store.ts'
import type { AuditEntry, QueueFacts } from './facts.ts'

const keys = createKeys('rd')
const PAGE = 1000

/** Reads all that Redis holds of a queue, when nobody writes any more. */
export async function readQueue(redis: Redis, queue: string): Promise<QueueFacts> {
  const partition = { queue, index: 0 }
  const base = keys.base(partition)
  const messages = await readMessages(redis, base)
  const strays: string[] = []
  for (const part of ['l', 'i', 'n']) {
    const prefix = `${base}:${part}:`
    for await (const key of scan(redis, prefix)) if (!messages.has(key.slice(prefix.length))) strays.push(key)
  }
  const sets = new Map<string, ReadonlyMap<string, number>>()
  for await (const key of scan(redis, `${base}:s:`)) {
    const flat = await redis.zrange(key, 0, '-1', 'WITHSCORES')
    const members = new Map<string, number>()
    for (let i = 0; i < flat.length; i += 2) members.set(flat[i]!, Number(flat[i + 1]))
    sets.set(key.slice(`${base}:s:`.length), members)
  }
  return { messages, strays, sets, feed: await readFeed(redis, queue, keys.events(partition)) }
}

async function readMessages(redis: Redis, base: string): Promise<Map<string, StoredMessage>> {
  const prefix = `${base}:m:`
  const messages = new Map<string, StoredMessage>()
  let page: string[] = []
  const flush = async (): Promise<void> => {
    const ids = page.map((key) => key.slice(prefix.length))
    const found = await Promise.all(
      ids.map(async (id) => Promise.all([redis.hgetall(prefix + id), redis.lrange(`${base}:i:${id}`, 0, -1)])),
    )
    found.forEach(([fields, inbox], i) =>
      messages.set(ids[i]!, parseMessage(ids[i]!, Object.entries(fields).flat(), inbox)),
    )
    page = []
  }
  for await (const key of scan(redis, prefix)) {
    page.push(key)
    if (page.length === PAGE) await flush()
  }
  await flush()
  return messages
}

async function* scan(redis: Redis, prefix: string): AsyncGenerator<string> {
  const seen = new Set<string>()
  let cursor = '0'
  do {
    const [next, page] = await redis.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', PAGE)
    for (const key of page) {
      if (!seen.has(key)) yield key
      seen.add(key)
    }
    cursor = next
  } while (cursor !== '0')
}

async function readFeed(redis: Redis, queue: string, key: string): Promise<AuditEntry[]> {
  const feed: AuditEntry[] = []
  let after = '-'
  for (;;) {
    const page = await redis.xrange(key, after, '+', 'COUNT', PAGE)
    for (const [position, [, text = '[]', , at]] of page)
      feed.push({ position, transitions: decodeTransitions(queue, Number(at), text) })
    if (page.length < PAGE) return feed
    after = `(${page.at(-1)![0]}`
  }
}

/** How many messages are on their way, which are all that are not parked, and how many entries the feed has. */
export async function countLive(redis: Redis, queues: readonly string[]): Promise<[live: number, entries: number]> {
  let live = 0
  let entries = 0
  for (const queue of queues) {
    const partition = { queue, index: 0 }
    entries += await redis.xlen(keys.events(partition))
    for (const state of await redis.smembers(keys.states(partition)))
      live += await redis.zcount(keys.state(partition, state), '-inf', `(${PARKED}`)
  }
  return [live, entries]
}

export async function redisNow(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time()
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
}
