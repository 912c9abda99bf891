import { beforeEach, describe, expect, test } from '@jest/globals'
import { createMemoryLocks } from '../../src/lock/memory-locks.ts'
import type { Locks } from '../../src/lock/locks.ts'
import type { MemoryStore } from '../../src/store/memory-store.ts'
import { openMemory } from '../store/memory-harness.ts'
import { createScene, entry, LONG, message, newToken, type Scene } from '../store/scene.ts'

describe('the locks of the memory store', () => {
  let it: Scene
  let locks: Locks
  beforeEach(() => {
    const harness = openMemory()
    it = createScene(harness)
    locks = createMemoryLocks(harness.store as MemoryStore)
  })

  test('keep workers off until they are given back, and are refused while one works', async () => {
    await it.send(message('a'))
    const held = (await locks.acquire(it.partition, 'a', LONG))!
    expect(await locks.acquire(it.partition, 'a', LONG)).toBeUndefined()
    expect((await it.claim()).messages).toEqual([])
    await held.release()
    const { messages } = await it.claimDue()
    expect(messages).toHaveLength(1)
    expect(await locks.acquire(it.partition, 'a', LONG)).toBeUndefined()
    await it.commit(entry(messages[0]!))
    expect(await locks.acquire(it.partition, 'a', LONG)).toBeDefined()
  })

  test('that a claim has set are adopted, extended and released', async () => {
    await it.send(message('a'))
    const token = newToken()
    await it.take({ token, lease: 100 })
    const adopted = locks.adopt(it.partition, 'a', token)
    expect(adopted.token).toBe(token)
    expect(await adopted.extend(LONG)).toBe(true)
    await it.reach((await it.now()) + 200)
    expect(await locks.acquire(it.partition, 'a', LONG)).toBeUndefined()
    await adopted.release()
    expect(await locks.acquire(it.partition, 'a', LONG)).toBeDefined()
  })

  test('that are lost cannot be extended, nor given back for another', async () => {
    await it.send(message('a'))
    const held = (await locks.acquire(it.partition, 'a', 100))!
    await it.reach((await it.now()) + 101)
    expect(await held.extend(LONG)).toBe(false)
    expect(await locks.acquire(it.partition, 'a', LONG)).toBeDefined()
    expect(await held.extend(LONG)).toBe(false)
    await held.release()
    expect(await locks.acquire(it.partition, 'a', LONG)).toBeUndefined()
  })
})
