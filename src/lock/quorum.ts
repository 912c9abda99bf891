import type { Redis } from 'ioredis'
import type { Lock } from 'redlock'
import { withDeadline } from '../deadline.ts'
import { RedriveError } from '../errors.ts'
import { isRival, loadLibrary, type Library } from './library.ts'
import type { HeldLock, LockPlace } from './locks.ts'
import { allowOom, votesAgainst } from './redlock.ts'

/**
 * Locks on several independent servers, held when most of them say so. Beside the lock of the store, which every message has: a worker
 * takes both before a message's first step. It guards against two workers *running* one message when the store's own lock is lost (a
 * failover, an eviction); that two never *commit* is the fence's doing, with a quorum or without.
 */
export interface Quorum {
  /**
   * Takes the lock of a message, or answers `undefined` when another holds it.
   * @throws RedriveError `E_LOCKS_UNAVAILABLE` when too few nodes answer for a majority.
   */
  acquire(place: LockPlace, id: string, ms: number): Promise<QuorumLock | undefined>
  /** Whether a majority of the nodes takes and gives back a lock of no meaning. */
  probe(): Promise<boolean>
  close(): void
}

export interface QuorumLock extends HeldLock {
  /** Milliseconds since 1970 by this process's clock, drift of the nodes allowed for: from then on another may have it. */
  readonly until: number
}

export interface QuorumOptions {
  /** Connections to the nodes; an odd number of them, three at least. */
  readonly nodes: readonly Redis[]
  keyOf(place: LockPlace, id: string): string
  /** Longest wait for an answer of the nodes, in milliseconds. */
  readonly timeout: number
}

const PROBE = 'rd:quorum:probe'

/**
 * A node whose every answer has a deadline, so that each vote ends, and tells who was silent. The library waits for ever for a node that
 * hangs. A deadline over the whole vote would not do: nobody then knows how many have answered, and the locks that the node takes when it
 * wakes are left. A vote that has ended is given back by the library, in commands that the node gets behind those that it has not done yet.
 */
function voter(node: Redis, timeout: number): Redis {
  const inTime = <T>(call: Promise<T>): Promise<T> => withDeadline(call, timeout, 'a lock node')
  return {
    evalsha: (hash: string, keys: number, given: string[]) => inTime(node.evalsha(hash, keys, ...given)),
    eval: (text: string, keys: number, given: string[]) => inTime(node.eval(text, keys, ...given)),
  } as unknown as Redis
}

export function createQuorum({ nodes, keyOf, timeout }: QuorumOptions): Quorum {
  const voters = nodes.map((node) => voter(node, timeout))
  let opening: Promise<Library> | undefined

  async function openLibrary(): Promise<Library> {
    const { default: Redlock } = await loadLibrary()
    // No retries: a rival is an answer, and extending a lock that is lost would burn two seconds.
    return new Redlock(voters, { retryCount: 0 }, { extendScript: allowOom, acquireScript: allowOom })
  }

  const library = (): Promise<Library> => (opening ??= openLibrary())
  const majority = Math.floor(nodes.length / 2) + 1

  /** The lock, or `undefined` when the vote was lost to others. */
  async function vote(call: (redlock: Library) => Promise<Lock>): Promise<Lock | undefined> {
    const redlock = await library()
    try {
      return await call(redlock)
    } catch (error) {
      const silent = (await votesAgainst(error)).filter((reason) => !isRival(reason))
      if (nodes.length - silent.length >= majority) return undefined
      throw new RedriveError(
        'E_LOCKS_UNAVAILABLE',
        `fewer than ${majority} of the ${nodes.length} lock nodes answer within ${timeout} ms; nothing is claimed until they do.`,
        // Not the library's own error: that holds the connections, and they hold their passwords.
        { cause: silent[0] },
      )
    }
  }

  async function take(key: string, ms: number): Promise<Lock | undefined> {
    const lock = await vote((redlock) => redlock.acquire([key], ms))
    // The library does not look whether the vote took longer than the lock lasts.
    if (!lock || lock.expiration > Date.now()) return lock
    await giveBack(lock)
    return undefined
  }

  async function giveBack(lock: Lock): Promise<void> {
    await library()
      .then((redlock) => redlock.release(lock))
      .catch(() => {})
  }

  function handle(first: Lock): QuorumLock {
    let lock = first
    return {
      token: lock.value,
      get until() {
        return lock.expiration
      },
      async extend(ms) {
        if (lock.expiration <= Date.now()) return false
        // A node that came back empty has no lock to extend, and votes against; the others decide.
        const extended = await vote((redlock) => redlock.extend(lock, ms))
        if (extended) lock = extended
        return extended !== undefined
      },
      release: () => giveBack(lock),
    }
  }

  return {
    async acquire(place, id, ms) {
      const lock = await take(keyOf(place, id), ms)
      return lock && handle(lock)
    },
    async probe() {
      try {
        const lock = await take(`${PROBE}:${process.pid}:${Math.random().toString(36).slice(2)}`, timeout * 2)
        if (lock) await giveBack(lock)
        return lock !== undefined
      } catch {
        return false
      }
    },
    close() {
      for (const node of nodes) node.disconnect()
    },
  }
}
