import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import Redlock, { ExecutionError, ResourceLockedError } from 'redlock'
import { createRedlock } from '../../src/lock/redlock.ts'
import type { Locks } from '../../src/lock/locks.ts'
import { openConnection } from '../../src/store/connection.ts'
import { createRedisScene, openRedis, type RedisHarness, type RedisScene } from '../store/redis-harness.ts'
import { entry, LONG, message, newToken, SHORT } from '../store/scene.ts'

let harness: RedisHarness
let locks: Locks
/** The library as anybody uses it, over a connection of its own. */
let foreign: Redlock
let it: RedisScene

beforeAll(async () => {
  harness = await openRedis()
  foreign = new Redlock([harness.server.client()], { retryCount: 0 })
  foreign.on('error', () => {})
  const { url } = harness.server
  locks = createRedlock(() => openConnection(url, { commandTimeout: 5000 }), harness.keys.lock, 5000)
})
afterAll(async () => {
  await locks.close()
  await harness.close()
})
beforeEach(() => {
  it = createRedisScene(harness)
})

/** Milliseconds; the library's own retries of a lock that is lost take about two seconds. */
const BURNT = 1500

const keyOf = (id: string): string => it.keys.lock(it.partition, id)

/** Why the library refused, by its own words. */
async function refusal(operation: Promise<unknown>): Promise<Error[]> {
  const error: unknown = await operation.catch((failure: unknown) => failure)
  expect(error).toBeInstanceOf(ExecutionError)
  const attempts = await Promise.all((error as ExecutionError).attempts)
  return attempts.flatMap(({ votesAgainst }) => [...votesAgainst.values()])
}

describe('a foreign client of Redlock', () => {
  test('keeps claims off a message until it releases it', async () => {
    await it.send(message('a'), message('b'))
    const held = await foreign.acquire([keyOf('a')], LONG)
    expect((await it.claim()).messages.map(({ id }) => id)).toEqual(['b'])
    expect((await it.claim()).messages).toEqual([])
    await held.release()
    const { messages } = await it.claimDue()
    expect(messages.map(({ id }) => id)).toEqual(['a'])
  })

  test('keeps claims off while it extends, and no longer than it holds', async () => {
    await it.send(message('a'))
    const held = await foreign.acquire([keyOf('a')], 100)
    const extended = await held.extend(300)
    const { now, messages } = await it.claimDue()
    expect(messages).toHaveLength(1)
    expect(now).toBeGreaterThanOrEqual(extended.expiration - 20)
  })

  test('is refused while a worker holds the message, and served after', async () => {
    await it.send(message('a'))
    const taken = await it.take()
    const reasons = await refusal(foreign.acquire([keyOf('a')], LONG))
    expect(reasons).toEqual([expect.any(ResourceLockedError)])
    await it.commit(entry(taken, { disposal: 'keep' }))
    expect(await refusal(foreign.acquire([keyOf('a')], LONG))).toEqual([expect.any(ResourceLockedError)])
    await it.commit(entry({ ...taken, fence: taken.fence.replace(/^1/, '2') }))
    const held = await foreign.acquire([keyOf('a')], LONG)
    expect(await harness.redis.get(keyOf('a'))).toBe(held.value)
    await held.release()
  })

  test('that took over an ended lease fences the commit of its worker', async () => {
    await it.send(message('a'))
    const { now, messages } = await it.claim({ lease: SHORT })
    await it.reach(now + SHORT + 25)
    const held = await foreign.acquire([keyOf('a')], LONG)
    expect(await it.commit(entry(messages[0]!, { state: 'done' }))).toMatchObject([{ status: 'fenced' }])
    expect(await it.store.heartbeat(it.partition, LONG, messages)).toEqual(['lost'])
    await held.release()
    expect(await it.commit(entry(messages[0]!, { state: 'done' }))).toMatchObject([{ status: 'applied' }])
  })

  test('is refused while this client holds the lock, and the reverse', async () => {
    const held = (await locks.acquire(it.partition, 'a', LONG))!
    expect(await refusal(foreign.acquire([keyOf('a')], LONG))).toEqual([expect.any(ResourceLockedError)])
    await held.release()
    const theirs = await foreign.acquire([keyOf('a')], LONG)
    expect(await locks.acquire(it.partition, 'a', LONG)).toBeUndefined()
    await theirs.release()
  })
})

describe('a lock that a claim has set', () => {
  test('is adopted, extended and released', async () => {
    await it.send(message('a'))
    const token = newToken()
    await it.take({ token, lease: 5000 })
    const adopted = locks.adopt(it.partition, 'a', token)
    expect(adopted.token).toBe(token)
    expect(await adopted.extend(LONG)).toBe(true)
    expect(await harness.redis.pttl(keyOf('a'))).toBeGreaterThan(5000)
    expect(await adopted.extend(2 * LONG)).toBe(true)
    expect(await harness.redis.pttl(keyOf('a'))).toBeGreaterThan(LONG)
    await adopted.release()
    expect(await harness.redis.exists(keyOf('a'))).toBe(0)
  })

  test('still guards the commit of its owner after it was extended', async () => {
    await it.send(message('a'))
    const taken = await it.take({ lease: 5000 })
    expect(await locks.adopt(it.partition, 'a', taken.fence.split(':')[1]!).extend(LONG)).toBe(true)
    expect(await it.commit(entry(taken))).toMatchObject([{ status: 'applied' }])
  })

  test('that was lost is told of at once, however often it is asked', async () => {
    await it.send(message('a'))
    const taken = await it.take()
    const adopted = locks.adopt(it.partition, 'a', taken.fence.split(':')[1]!)
    await it.commit(entry(taken))
    for (const rival of [undefined, newToken()]) {
      if (rival) await it.hold(it.partition, 'a', rival, LONG)
      const start = performance.now()
      expect(await adopted.extend(LONG)).toBe(false)
      expect(performance.now() - start).toBeLessThan(BURNT)
    }
    // What another holds now is not given back by whoever lost it.
    await adopted.release()
    expect(await harness.redis.exists(keyOf('a'))).toBe(1)
  })

  test('is extended on a server that is out of memory', async () => {
    await it.send(message('a'))
    const token = newToken()
    await it.take({ token, lease: 5000 })
    const adopted = locks.adopt(it.partition, 'a', token)
    await harness.redis.config('SET', 'maxmemory', '1')
    try {
      expect(await adopted.extend(LONG)).toBe(true)
      // A new lock needs memory; that is no answer about who holds it.
      await expect(locks.acquire(it.partition, 'other', LONG)).rejects.toThrow(/OOM/)
      await adopted.release()
    } finally {
      await harness.redis.config('SET', 'maxmemory', '0')
    }
    expect(await harness.redis.exists(keyOf('a'))).toBe(0)
  })
})

describe('acquire', () => {
  test('answers at once when another holds the lock', async () => {
    const held = (await locks.acquire(it.partition, 'a', LONG))!
    const start = performance.now()
    expect(await locks.acquire(it.partition, 'a', LONG)).toBeUndefined()
    expect(performance.now() - start).toBeLessThan(BURNT)
    await held.release()
    const again = await locks.acquire(it.partition, 'a', LONG)
    expect(again).toBeDefined()
    await again!.release()
    await again!.release()
  })

  test('keeps workers off, whatever they try', async () => {
    await it.send(message('a'))
    const held = (await locks.acquire(it.partition, 'a', LONG))!
    expect((await it.claim()).messages).toEqual([])
    expect(await it.store.remove(it.partition, 'a', newToken())).toBe('locked')
    expect(await it.store.remove(it.partition, 'a', held.token)).toBe('removed')
  })

  test('holds a lock that expires by itself', async () => {
    const held = (await locks.acquire(it.partition, 'a', SHORT))!
    await it.reach((await it.now()) + SHORT + 25)
    const next = await locks.acquire(it.partition, 'a', LONG)
    expect(next).toBeDefined()
    expect(await held.extend(LONG)).toBe(false)
    await next!.release()
  })

  test('tells of a server that does not answer, by an error and in time', async () => {
    const lost = createRedlock(() => openConnection('unix:///nowhere/redis.sock', { commandTimeout: 200 }), keyOf2, 200)
    try {
      await expect(lost.acquire(it.partition, 'a', LONG)).rejects.toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
      await expect(lost.adopt(it.partition, 'a', newToken()).extend(LONG)).rejects.toMatchObject({
        code: 'E_REDIS_UNAVAILABLE',
      })
    } finally {
      await lost.close()
    }
  })
})

const keyOf2 = (): string => 'lock'
