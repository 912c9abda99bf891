import type { Redis } from 'ioredis'
import { readRoster } from '../../engine/roster.ts'
import { withDeadline } from '../../deadline.ts'
import { hasCode } from '../../errors.ts'
import { connect, describeAddress, disconnect, openConnection, toRedriveError } from '../../store/connection.ts'
import type { RedisAddress } from '../../store/redis-address.ts'
import { createKeys, type Keys } from '../../store/keys.ts'
import { createRedisStore } from '../../store/redis-store.ts'
import type { Partition } from '../../store/store.ts'
import { examineBytes } from './counted-bytes.ts'
import { newExaminedQueue, type ExaminedQueue } from './examined-queue.ts'
import { finding, type Finding } from './finding.ts'
import { foreignKeys, unexpected, type ForeignKey } from './foreign-keys.ts'
import { examineKeyspace, type StrayPartitions } from './keyspace.ts'
import { foreignFinding, queueFindings } from './queue-findings.ts'
import { readServerFacts } from './server-facts.ts'
import { serverFindings } from './server-findings.ts'
import { examineSets } from './state-sets.ts'
import type { Surgery } from './surgery.ts'

export interface ExaminationOptions {
  readonly redis: RedisAddress
  readonly prefix: string
  /** Milliseconds. */
  readonly commandTimeout: number
  /** Looks at all messages instead of a sample. A repair does so too. */
  readonly full?: boolean
  /** Puts indexes right. */
  readonly repair?: boolean
  /** With `repair`: takes out of the sets, for good, what has no message. */
  readonly remove?: boolean
  /** The clock of this machine. */
  readonly now?: () => number
}

export interface Examination {
  /** For people, e.g. `redis 7.0.15 at redis://127.0.0.1:6379`. */
  readonly server: string
  readonly queues: number
  readonly messages: number
  /** Members of sets. */
  readonly members: number
  /** Whether all were looked at. */
  readonly full: boolean
  readonly findings: readonly Finding[]
}

/**
 * Looks at a server and all that Redrive keeps there, and repairs indexes where it is asked to; workers may go on meanwhile. Everything
 * is read page by page.
 * @throws RedriveError `E_REDIS_UNAVAILABLE`, `E_REDIS_AUTH`
 */
export async function examine(options: ExaminationOptions): Promise<Examination> {
  const { repair = false, remove = false } = options
  const full = options.full === true || repair
  const connection = openConnection(options.redis, options)
  const redis = timely(connection, describeAddress(options.redis), options.commandTimeout)
  const store = createRedisStore({ ...options, tokenTtl: 60_000, feed: 10_000 })
  const keys = createKeys(options.prefix)
  const surgery: Surgery = {
    redis,
    store,
    keys,
    full,
    repair,
    remove: repair && remove,
    examined: { messages: 0, members: 0 },
  }
  try {
    const { description } = await connect(connection, options.redis, options)
    const findings = serverFindings(await readServerFacts(redis, options.now ?? Date.now))
    const foreign = await unexpected(redis, [[keys.queues(), 'hash']])
    findings.push(...foreign.map((each) => foreignFinding(each)))
    const queues = await readQueues(redis, keys, foreign)
    findings.push(...(await examineQueues(surgery, options.prefix, queues)))
    return { server: description, queues: queues.size, full, findings, ...surgery.examined }
  } catch (error) {
    if (!hasCode(error, 'E_REDIS_VERSION')) throw toRedriveError(error, describeAddress(options.redis))
    const found = error.message.replace(/^\w+: /, '')
    return {
      server: found,
      queues: 0,
      messages: 0,
      members: 0,
      full,
      findings: [finding('D_SERVER_VERSION', { found })],
    }
  } finally {
    disconnect(connection)
    await store.close()
  }
}

/** The same connection, whose commands end in time: by itself it would send them again until the server is back. */
function timely(connection: Redis, where: string, timeout: number): Redis {
  return new Proxy(connection, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...args: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(member, target, args)
        return answer instanceof Promise ? withDeadline(answer, timeout, where) : answer
      }
    },
  })
}

async function readQueues(
  redis: Redis,
  keys: Keys,
  foreign: readonly ForeignKey[],
): Promise<Map<string, ExaminedQueue>> {
  const queues = new Map<string, ExaminedQueue>()
  if (foreign.length > 0) return queues
  for (const [name, text] of Object.entries(await redis.hgetall(keys.queues()))) {
    const partitions = partitionsOf(name, text)
    const foreignHere = [
      ...(await unexpected(redis, [[keys.machines(name), 'hash']])),
      ...(await foreignKeys(redis, keys, partitions ?? [])),
    ]
    const arrivals = foreignHere.length > 0 ? {} : await redis.hgetall(keys.machines(name))
    const times = new Map(Object.entries(arrivals).map(([ref, at]) => [ref, Number(at) || 0]))
    const alive = foreignHere.length > 0 ? [] : await machinesAlive(redis, keys, name)
    queues.set(name, newExaminedQueue(name, partitions, times, foreignHere, new Set(alive)))
  }
  return queues
}

/** Versions that workers know which are alive. */
async function machinesAlive(redis: Redis, keys: Keys, queue: string): Promise<string[]> {
  const reports = await redis.hgetall(keys.workers(queue)).catch(() => ({}))
  const now = Number((await redis.time().catch(() => [Date.now() / 1000]))[0]) * 1000
  const { present } = readRoster(new Map(Object.entries(reports)), now)
  return present.flatMap(({ machines = [] }) => machines)
}

function partitionsOf(queue: string, text: string): Partition[] | undefined {
  try {
    const { partitions } = JSON.parse(text) as { readonly partitions?: unknown }
    if (!Number.isInteger(partitions) || Number(partitions) < 1 || Number(partitions) > 1024) return undefined
    return Array.from({ length: Number(partitions) }, (_, index) => ({ queue, index }))
  } catch {
    return undefined
  }
}

async function examineQueues(
  surgery: Surgery,
  prefix: string,
  queues: ReadonlyMap<string, ExaminedQueue>,
): Promise<Finding[]> {
  const strays = await examineKeyspace(surgery, prefix, queues)
  for (const queue of queues.values()) {
    if (queue.foreign.length > 0) continue
    for (const partition of queue.partitions ?? []) {
      await examineSets(surgery, queue, partition)
      if (surgery.full) await examineBytes(surgery, queue, partition)
    }
  }
  return [
    ...[...queues.values()].flatMap((queue) => queueFindings(queue, surgery.keys.queues())),
    ...strayFindings(strays),
  ]
}

function strayFindings(strays: StrayPartitions): Finding[] {
  return [...strays]
    .filter(([, { count }]) => count > 0)
    .map(([base, { count, examples }]) =>
      finding('D_STRAY_PARTITION', {
        found: `${count === 1 ? '1 message' : `${count} messages`} under ${base}, which belongs to no queue as it is defined`,
        count,
        examples,
      }),
    )
}
