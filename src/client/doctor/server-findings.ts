import { CHUNK_BYTES } from '../../store/layout.ts'
import { finding, type Finding } from './finding.ts'
import type { ServerFacts } from './server-facts.ts'

/** What is wrong with a server, or could become so. */
export function serverFindings(facts: ServerFacts): Finding[] {
  return [
    ...role(facts),
    ...memory(facts),
    ...persistence(facts),
    ...replicas(facts),
    ...hashes(facts),
    ...clock(facts),
  ]
}

const number = (facts: ReadonlyMap<string, string> | undefined, name: string): number => Number(facts?.get(name) ?? 0)

function* role({ info, config }: ServerFacts): Generator<Finding> {
  if (info.get('role') === 'slave') yield finding('D_READ_ONLY', { found: 'this server is a replica' })
  if (!config)
    yield finding('D_NOT_ALLOWED', {
      found: 'CONFIG GET is refused: its settings of hashes and snapshots are not known',
    })
}

function* memory({ info }: ServerFacts): Generator<Finding> {
  const policy = info.get('maxmemory_policy') ?? 'noeviction'
  const [limit, used] = [number(info, 'maxmemory'), number(info, 'used_memory')]
  if (policy !== 'noeviction')
    yield finding('D_EVICTION', {
      found: `maxmemory-policy is "${policy}"${limit > 0 ? '' : ', though no maxmemory is set yet'}`,
      severity: limit > 0 ? 'error' : 'warning',
    })
  const evicted = number(info, 'evicted_keys')
  if (evicted > 0) yield finding('D_EVICTED', { found: `${evicted} keys were evicted since the server was started` })
  if (limit > 0 && used >= 0.9 * limit)
    yield finding('D_MEMORY', {
      found: `${megabytes(used)} of ${megabytes(limit)} are used`,
      severity: used >= limit ? 'error' : 'warning',
    })
}

const megabytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MiB`

function* persistence({ info, config }: ServerFacts): Generator<Finding> {
  if (info.get('aof_enabled') !== '1') yield withoutAof(config)
  else if (config?.get('appendfsync') === 'no')
    yield finding('D_NO_FSYNC', { found: 'appendfsync is "no": the system decides when the file is written' })
  const delayed = number(info, 'aof_delayed_fsync')
  if (delayed > 0)
    yield finding('D_SLOW_FSYNC', { found: `${delayed} times a sync of the append-only file took over two seconds` })
  const failing = ['aof_last_write_status', 'aof_last_bgrewrite_status', 'rdb_last_bgsave_status'].filter(
    (name) => (info.get(name) ?? 'ok') !== 'ok',
  )
  if (failing.length > 0)
    yield finding('D_PERSISTENCE_FAILING', {
      found: failing.map((name) => `${name} is "${info.get(name)}"`).join(', '),
    })
}

/** Where its settings may not be read, it gets the benefit of the doubt. */
function withoutAof(config: ServerFacts['config']): Finding {
  const save = config?.get('save')
  if (save === '') return finding('D_NO_PERSISTENCE', { found: 'there is neither an append-only file nor a snapshot' })
  return finding('D_SNAPSHOTS_ONLY', {
    found: `there is no append-only file, only snapshots${save === undefined ? ', if any' : ` (save "${save}")`}`,
  })
}

function* replicas({ info, config }: ServerFacts): Generator<Finding> {
  if (info.get('role') === 'slave') return
  const count = number(info, 'connected_slaves')
  if (count === 0) yield finding('D_NO_REPLICAS', { found: 'the server has no replica' })
  else if (config?.get('min-replicas-to-write') === '0')
    yield finding('D_MIN_REPLICAS', {
      found: `min-replicas-to-write is 0, and there ${count === 1 ? 'is a replica' : `are ${count} replicas`}`,
      command: 'redis-cli CONFIG SET min-replicas-to-write 1',
    })
  const bad = Array.from({ length: count }, (_, i) => info.get(`slave${i}`) ?? '').filter(isBad)
  if (bad.length > 0)
    yield finding('D_REPLICAS', { found: `of ${count} replicas ${bad.length} lag: ${bad.join('; ')}` })
}

/** Seconds since the last sign of life; a healthy replica gives one each second. */
const LAG = 10

function isBad(replica: string): boolean {
  return !replica.includes('state=online') || Number(/lag=(\d+)/.exec(replica)?.[1] ?? 0) > LAG
}

/** Bounds below which messages lose their compact form; fields of a common message are well within the second. */
const LISTPACK = { 'hash-max-listpack-value': CHUNK_BYTES, 'hash-max-listpack-entries': 128 } as const
const DEFAULTS = { 'hash-max-listpack-value': 64, 'hash-max-listpack-entries': 128 } as const

function* hashes({ config }: ServerFacts): Generator<Finding> {
  for (const name of ['hash-max-listpack-value', 'hash-max-listpack-entries'] as const) {
    const value = config?.get(name)
    if (value === undefined || Number(value) >= LISTPACK[name]) continue
    yield finding('D_HASHES', {
      found: `${name} is ${value}, and messages are cut for ${LISTPACK[name]} at least`,
      command: `redis-cli CONFIG SET ${name} ${DEFAULTS[name]}`,
    })
  }
}

/** Milliseconds. */
const CLOCKS_APART = 1000

function* clock({ clock: { ahead, precision } }: ServerFacts): Generator<Finding> {
  if (Math.abs(ahead) - precision < CLOCKS_APART) return
  const seconds = (Math.abs(ahead) / 1000).toFixed(1)
  yield finding('D_CLOCK', {
    found: `this machine's clock is ${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} that of Redis`,
  })
}
