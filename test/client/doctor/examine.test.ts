import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Redis } from 'ioredis'
import { examine, type Examination, type ExaminationOptions } from '../../../src/client/doctor/examine.ts'
import type { Finding } from '../../../src/client/doctor/finding.ts'
import type { Queue } from '../../../src/index.ts'
import { createKeys } from '../../../src/store/keys.ts'
import { startFake } from '../../store/resp-fake.ts'
import { onRedis } from '../../support/backends.ts'
import { CRASH_SAFE } from '../../support/redis.ts'

let backend: Awaited<ReturnType<typeof onRedis>>
let redis: Redis
let queues = 0
beforeAll(async () => {
  backend = await onRedis(CRASH_SAFE)
  redis = backend.redis.client()
})
afterAll(() => backend.stop())

const keys = createKeys('rd')
const HOUR = 3_600_000

function run(options: Partial<ExaminationOptions> = {}): Promise<Examination> {
  return examine({ redis: backend.redis.url, prefix: 'rd', commandTimeout: 10_000, full: true, ...options })
}

/** Without what is for information, and without what other tests have left in their queues. */
function of({ findings }: Examination, queue: string): readonly Finding[] {
  return findings.filter((finding) => finding.severity !== 'info' && finding.queue === queue)
}

/** A queue of its own with five messages that sleep. */
async function sleepers(): Promise<{ queue: Queue; name: string; partition: { queue: string; index: number } }> {
  const name = `q${++queues}`
  const queue = backend.open().queue(name)
  await queue.sendBulk(['a', 'b', 'c', 'd', 'e'].map((id) => ({ input: id, id, delay: HOUR })))
  return { queue, name, partition: { queue: name, index: 0 } }
}

test('a healthy server is clean, and all of it was looked at', async () => {
  const { name, queue } = await sleepers()
  const worker = queue.work(() => 'done')
  await queue.send(1, { id: 'f' })
  await queue.result('f')
  await worker.stop()
  const examination = await run()
  expect(of(examination, name)).toEqual([])
  expect(examination.findings.filter(({ queue: of }) => of === undefined).map(({ code }) => code)).toEqual([
    'D_NO_REPLICAS',
  ])
  expect(examination).toMatchObject({ full: true, server: expect.stringMatching(/^(redis|valkey) \d/) })
  expect(examination.messages).toBe(examination.members)
})

interface Damage {
  readonly name: string
  readonly partition: { readonly queue: string; readonly index: number }
  readonly queue: Queue
}

type Case = readonly [what: string, damage: (at: Damage) => Promise<unknown>, code: string, count: number]

/** What a repair puts right by itself. */
const MENDED: readonly Case[] = [
  ['members that are gone', ({ partition }) => redis.zrem(keys.state(partition, 'pending'), 'a', 'b'), 'D_UNLISTED', 2],
  ['a whole set that is gone', ({ partition }) => redis.del(keys.state(partition, 'pending')), 'D_UNLISTED', 5],
  [
    'a member in the set of another state',
    async ({ partition }) => {
      await redis.zadd(keys.state(partition, 'retrying'), 4e15, 'a')
      await redis.sadd(keys.states(partition), 'retrying')
    },
    'D_MISPLACED',
    1,
  ],
  ['a list of states that is gone', ({ partition }) => redis.del(keys.states(partition)), 'D_UNNAMED_STATE', 5],
  [
    'a timer that would fire too late',
    ({ partition }) => redis.zadd(keys.state(partition, 'pending'), 4e15 + 1, 'a'),
    'D_LATE',
    1,
  ],
  [
    'an inbox of which nobody knows',
    ({ partition }) => redis.rpush(keys.inbox(partition, 'a'), '{"type":"RETRY"}'),
    'D_STUCK_INBOX',
    1,
  ],
]

describe('finds, and repairs', () => {
  test.each(MENDED)('%s', async (_, damage, code, count) => {
    const at = await sleepers()
    await damage(at)
    expect(of(await run(), at.name)).toMatchObject([{ code, count, examples: expect.any(Array) }])
    expect(of(await run({ repair: true }), at.name)).toMatchObject([{ code, count, repaired: count }])
    expect(of(await run(), at.name)).toEqual([])
    const worker = at.queue.work(() => 'done')
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => at.queue.retry(id)))
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => at.queue.result(id)))
    await worker.stop()
    expect((await at.queue.stats()).states).toMatchObject({ pending: 0, succeeded: 5 })
  })

  test('a count of bytes that is off', async () => {
    const queue = backend.open().queue('heavy', { maxBytes: 100_000 })
    await queue.send(1, { id: 'a', delay: HOUR })
    await redis.incrby(keys.bytes({ queue: 'heavy', index: 0 }), 1000)
    expect(of(await run(), 'heavy')).toMatchObject([{ code: 'D_BYTES', found: expect.stringContaining('1000') }])
    expect(of(await run({ repair: true }), 'heavy')).toMatchObject([{ code: 'D_BYTES', repaired: 1 }])
    expect(of(await run(), 'heavy')).toEqual([])
  })

  test('what has no message any more, only when it may remove', async () => {
    const { name, partition, queue } = await sleepers()
    await queue.retry('b')
    await redis.del(keys.message(partition, 'a'), keys.message(partition, 'b'))
    const both = [
      { code: 'D_MISSING', count: 2 },
      { code: 'D_LEFTOVER_INBOX', count: 1 },
    ]
    expect(of(await run(), name)).toMatchObject(both)
    const kept = of(await run({ repair: true }), name)
    expect(kept).toMatchObject(both)
    expect(kept.map(({ repaired }) => repaired)).toEqual([undefined, undefined])
    expect(await redis.zcard(keys.state(partition, 'pending'))).toBe(5)
    await run({ repair: true, remove: true })
    expect(of(await run(), name)).toEqual([])
    expect(await redis.zcard(keys.state(partition, 'pending'))).toBe(3)
  })
})

/** What only a person can mend. */
const TOLD: readonly Case[] = [
  ['a key that is no message', ({ partition }) => redis.set(keys.message(partition, 'z'), 'hello'), 'D_FOREIGN_KEY', 1],
  [
    'messages of an unknown machine',
    ({ partition }) => redis.hset(keys.message(partition, 'a'), 'm', 'message@9#00000000'),
    'D_UNKNOWN_MACHINE',
    1,
  ],
  [
    'messages that are long due, and nobody there',
    ({ partition }) => redis.zadd(keys.state(partition, 'pending'), Date.now() - HOUR, 'a', Date.now() - HOUR, 'b'),
    'D_OVERDUE',
    2,
  ],
  [
    'a lease that ended long ago',
    async ({ partition }) => {
      await redis.hset(keys.message(partition, 'a'), 'o', `1:${'0'.repeat(32)}`, 'w', 'gone')
      await redis.zadd(keys.state(partition, 'pending'), Date.now() - HOUR, 'a')
    },
    'D_LEASE_ENDED',
    1,
  ],
  [
    'a message in quarantine',
    async ({ partition }) => {
      await redis.hset(keys.message(partition, 'a'), 's', '~quarantined', 'q', '{}')
      await redis.zrem(keys.state(partition, 'pending'), 'a')
      await redis.zadd(keys.state(partition, '~quarantined'), 4e15, 'a')
      await redis.sadd(keys.states(partition), '~quarantined')
    },
    'D_QUARANTINED',
    1,
  ],
]

describe('tells', () => {
  test.each(TOLD)('%s', async (_, damage, code, count) => {
    const at = await sleepers()
    await damage(at)
    expect(of(await run(), at.name)).toMatchObject([{ code, count, mend: expect.any(String) }])
    expect(of(await run({ repair: true, remove: true }), at.name)).toMatchObject([{ code, count }])
    // Once told is enough: the next tests look at the same server.
    await redis.del(keys.message(at.partition, 'z'))
  })

  test('that a queue is paused, which is no fault', async () => {
    const { name, partition } = await sleepers()
    await redis.set(keys.paused(partition), '1')
    const { findings } = await run()
    expect(findings.filter(({ queue }) => queue === name)).toMatchObject([{ code: 'D_PAUSED', severity: 'info' }])
  })

  test('a definition that cannot be read, and messages of a partition that no queue has', async () => {
    const { name } = await sleepers()
    const before = await redis.hget(keys.queues(), name)
    await redis.hset(keys.queues(), name, '{"partitions":"many"}')
    expect(of(await run(), name)).toMatchObject([{ code: 'D_DEFINITION', command: expect.stringContaining(name) }])
    await redis.hset(keys.queues(), name, before!)
    await redis.hset(keys.message({ queue: name, index: 3 }, 'x'), 's', 'pending')
    await redis.hset(keys.message({ queue: 'nobody', index: 0 }, 'x'), 's', 'pending')
    const strays = (await run()).findings.filter(({ code }) => code === 'D_STRAY_PARTITION')
    expect(strays.map(({ found }) => found).toSorted()).toEqual([
      expect.stringContaining('rd:{nobody:0}'),
      expect.stringContaining(`rd:{${name}:3}`),
    ])
    await redis.del(keys.message({ queue: name, index: 3 }, 'x'), keys.message({ queue: 'nobody', index: 0 }, 'x'))
  })

  test('that a server is too old, and nothing else', async () => {
    const old = await startFake('redis_version:6.2.14\r\n')
    try {
      const { findings } = await run({ redis: `redis://127.0.0.1:${old.port}` })
      expect(findings).toMatchObject([{ code: 'D_SERVER_VERSION', severity: 'error' }])
    } finally {
      await old.stop()
    }
  })

  test('what a user without the right to see settings can see', async () => {
    await redis.acl('SETUSER', 'redrive', 'on', '>secret', '~rd:*', '&rd:*', '+@all', '-@dangerous', '+info')
    const { name, partition } = await sleepers()
    await redis.zrem(keys.state(partition, 'pending'), 'a')
    const user = { path: backend.redis.socket, username: 'redrive', password: 'secret' }
    const examination = await run({ redis: user, repair: true })
    expect(examination.findings).toContainEqual(expect.objectContaining({ code: 'D_NOT_ALLOWED', severity: 'info' }))
    expect(of(examination, name)).toMatchObject([{ code: 'D_UNLISTED', repaired: 1 }])
  })

  test('nothing of a server that is away: that is an error', async () => {
    await expect(run({ redis: 'unix:///nowhere.sock', commandTimeout: 200 })).rejects.toMatchObject({
      code: 'E_REDIS_UNAVAILABLE',
    })
  })

  test('of a sample what is wrong in it, and that it is one', async () => {
    const { name, partition } = await sleepers()
    await redis.zrem(keys.state(partition, 'pending'), 'a')
    const examination = await run({ full: false })
    expect(examination.full).toBe(false)
    expect(of(examination, name)).toMatchObject([{ code: 'D_UNLISTED', count: 1 }])
    await run({ repair: true })
  })
})

test.each<[string, (partition: { queue: string; index: number }) => string, string]>([
  ['the list of states', (partition) => keys.states(partition), 'set'],
  ['the set of a state', (partition) => keys.state(partition, 'pending'), 'zset'],
  ['the feed', (partition) => keys.events(partition), 'stream'],
  ['the versions of its machine', ({ queue }) => keys.machines(queue), 'hash'],
])('%s that is of another type is named, and other queues are examined all the same', async (_, keyOf, type) => {
  const { name, partition } = await sleepers()
  const other = await sleepers()
  await redis.zrem(keys.state(other.partition, 'pending'), 'a')
  const key = keyOf(partition)
  await redis.rename(key, 'aside')
  await redis.set(key, 'of another program')
  const examination = await run({ repair: true })
  expect(of(examination, name)).toMatchObject([
    {
      code: 'D_FOREIGN_KEY',
      severity: 'error',
      found: expect.stringContaining(`${key} is a string and must be a ${type}`),
    },
  ])
  expect(of(examination, other.name)).toMatchObject([{ code: 'D_UNLISTED', repaired: 1 }])
  await redis.rename('aside', key)
  expect(of(await run(), name)).toEqual([])
})

test('definitions of queues that are of another type are named', async () => {
  await sleepers()
  await redis.rename(keys.queues(), 'aside')
  await redis.set(keys.queues(), 'of another program')
  const { findings } = await run()
  expect(findings).toContainEqual(
    expect.objectContaining({ code: 'D_FOREIGN_KEY', found: expect.stringContaining('rd:queues is a string') }),
  )
  await redis.rename('aside', keys.queues())
})
