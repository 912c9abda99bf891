import { describe, expect, test } from '@jest/globals'
import { isOpen } from '../../../src/client/doctor/finding.ts'
import type { ServerFacts } from '../../../src/client/doctor/server-facts.ts'
import { serverFindings } from '../../../src/client/doctor/server-findings.ts'

/** A server with which nothing is wrong. */
const INFO = {
  role: 'master',
  maxmemory: '0',
  maxmemory_policy: 'noeviction',
  used_memory: '1000000',
  evicted_keys: '0',
  aof_enabled: '1',
  aof_delayed_fsync: '0',
  aof_last_write_status: 'ok',
  aof_last_bgrewrite_status: 'ok',
  rdb_last_bgsave_status: 'ok',
  connected_slaves: '1',
  slave0: 'ip=10.0.0.2,port=6379,state=online,offset=100,lag=0',
}
const CONFIG = {
  save: '',
  appendfsync: 'everysec',
  'min-replicas-to-write': '1',
  'hash-max-listpack-value': '64',
  'hash-max-listpack-entries': '128',
}

interface Changes {
  readonly info?: Record<string, string>
  readonly config?: Record<string, string> | 'refused'
  readonly clock?: ServerFacts['clock']
}

function facts({ info = {}, config = {}, clock = { ahead: 3, precision: 1 } }: Changes): ServerFacts {
  return {
    info: new Map(Object.entries({ ...INFO, ...info })),
    config: config === 'refused' ? undefined : new Map(Object.entries({ ...CONFIG, ...config })),
    clock,
  }
}

const found = (changes: Changes) => serverFindings(facts(changes)).map(({ code, severity }) => `${severity} ${code}`)

test('a server with which nothing is wrong has no finding', () => {
  expect(found({})).toEqual([])
})

describe('finds', () => {
  test.each<[string, Changes, string]>([
    ['a replica', { info: { role: 'slave' } }, 'error D_READ_ONLY'],
    ['a policy that evicts', { info: { maxmemory_policy: 'allkeys-lru', maxmemory: '100000000' } }, 'error D_EVICTION'],
    ['such a policy before a limit is set', { info: { maxmemory_policy: 'volatile-ttl' } }, 'warning D_EVICTION'],
    ['keys that were evicted', { info: { evicted_keys: '7' } }, 'error D_EVICTED'],
    ['little memory left', { info: { maxmemory: '1050000' } }, 'warning D_MEMORY'],
    ['no memory left', { info: { maxmemory: '900000' } }, 'error D_MEMORY'],
    ['no persistence', { info: { aof_enabled: '0' } }, 'error D_NO_PERSISTENCE'],
    ['snapshots alone', { info: { aof_enabled: '0' }, config: { save: '3600 1' } }, 'warning D_SNAPSHOTS_ONLY'],
    ['a file that nobody syncs', { config: { appendfsync: 'no' } }, 'warning D_NO_FSYNC'],
    ['a disk that is too slow', { info: { aof_delayed_fsync: '2' } }, 'warning D_SLOW_FSYNC'],
    ['a file that cannot be written', { info: { aof_last_write_status: 'err' } }, 'error D_PERSISTENCE_FAILING'],
    ['a replica that is away', { info: { slave0: 'ip=x,port=1,state=wait_bgsave,lag=0' } }, 'warning D_REPLICAS'],
    ['a replica that lags', { info: { slave0: 'ip=x,port=1,state=online,lag=30' } }, 'warning D_REPLICAS'],
    ['a primary that needs no replica', { config: { 'min-replicas-to-write': '0' } }, 'warning D_MIN_REPLICAS'],
    ['no replica', { info: { connected_slaves: '0' } }, 'info D_NO_REPLICAS'],
    ['values too long for compact hashes', { config: { 'hash-max-listpack-value': '32' } }, 'warning D_HASHES'],
    ['fields too many for them', { config: { 'hash-max-listpack-entries': '64' } }, 'warning D_HASHES'],
    ['a clock that is ahead', { clock: { ahead: 5000, precision: 2 } }, 'warning D_CLOCK'],
    ['a clock that is behind', { clock: { ahead: -5000, precision: 2 } }, 'warning D_CLOCK'],
  ])('%s', (_, changes, code) => {
    expect(found(changes)).toEqual([code])
  })

  test('what it may not look at', () => {
    expect(found({ config: 'refused' })).toEqual(['info D_NOT_ALLOWED'])
    expect(found({ config: 'refused', info: { aof_enabled: '0' } })).toEqual([
      'info D_NOT_ALLOWED',
      'warning D_SNAPSHOTS_ONLY',
    ])
  })

  test('no difference of clocks that a slow answer could explain', () => {
    expect(found({ clock: { ahead: 1500, precision: 800 } })).toEqual([])
  })
})

test('each finding says why it matters and how to mend it, by a command where there is one', () => {
  const [finding] = serverFindings(facts({ info: { aof_enabled: '0' } }))
  expect(finding).toEqual({
    code: 'D_NO_PERSISTENCE',
    severity: 'error',
    found: 'there is neither an append-only file nor a snapshot',
    why: expect.stringContaining('loses every message'),
    mend: expect.stringContaining('append-only'),
    command: 'redis-cli CONFIG SET appendonly yes',
  })
})

test('what is for information, or was repaired, is not open', () => {
  const [info] = serverFindings(facts({ info: { connected_slaves: '0' } }))
  const [warning] = serverFindings(facts({ config: { appendfsync: 'no' } }))
  expect([isOpen(info!), isOpen(warning!)]).toEqual([false, true])
  expect(isOpen({ ...warning!, count: 3, repaired: 2 })).toBe(true)
  expect(isOpen({ ...warning!, count: 3, repaired: 3 })).toBe(false)
})
