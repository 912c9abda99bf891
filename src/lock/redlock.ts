import { isError } from '../errors.ts'
import type { Redis } from 'ioredis'
import type { Lock } from 'redlock'
import { withDeadline } from '../deadline.ts'
import { isRival, loadLibrary, type Library } from './library.ts'
import type { HeldLock, LockPlace, Locks } from './locks.ts'

/**
 * Locks by the `redlock` library, whose key and value format the claim script writes too: any Redlock client can keep a worker
 * off a message, and is kept off by it.
 */
export function createRedlock(
  open: () => Redis,
  keyOf: (place: LockPlace, id: string) => string,
  timeout: number,
): Locks {
  let opening: Promise<Library> | undefined
  let redis: Redis | undefined

  async function openLibrary(): Promise<Library> {
    const { default: Redlock } = await loadLibrary()
    redis = open()
    // No retries: extending a lost lock would burn two seconds, and a rival is an answer here, not a reason to wait.
    const redlock = new Redlock([redis], { retryCount: 0 }, { extendScript: allowOom })
    redlock.on('error', () => {})
    return redlock
  }

  const library = (): Promise<Library> => (opening ??= openLibrary())

  const call = <T>(ask: (library: Library) => Promise<T>): Promise<T | undefined> =>
    settled(withDeadline(library().then(ask), timeout, 'the server of the locks'))

  const handle = (lock: Lock): HeldLock => ({
    token: lock.value,
    async extend(ms) {
      // An expired handle is refused by the library without asking the server, which knows better whether the key is there.
      lock.expiration = Date.now() + ms
      const extended = await call((redlock) => redlock.extend(lock, ms))
      if (extended) lock = extended
      return extended !== undefined
    },
    async release() {
      await call((redlock) => redlock.release(lock))
    },
  })

  return {
    async acquire(place, id, ms) {
      const lock = await call((redlock) => redlock.acquire([keyOf(place, id)], ms))
      return lock && handle(lock)
    },
    adopt(place, id, token) {
      const adopted = async (): Promise<HeldLock> => {
        const [{ Lock }, redlock] = await Promise.all([loadLibrary(), library()])
        return handle(new Lock(redlock, [keyOf(place, id)], token, [], Date.now() + 60_000))
      }
      let held: Promise<HeldLock> | undefined
      const lock = (): Promise<HeldLock> => (held ??= adopted())
      return {
        token,
        extend: async (ms) => (await lock()).extend(ms),
        release: async () => (await lock()).release(),
      }
    },
    async close() {
      await opening?.catch(() => {})
      redis?.disconnect()
    },
  }
}

/** Without the flag an extension fails on a server that is out of memory, and the message with it. */
export const allowOom = (script: string): string => `#!lua flags=allow-oom\n${script}`

/** The value, or `undefined` when the vote was lost; when Redis could not be asked at all, that error. */
async function settled<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation
  } catch (error) {
    const reasons = await votesAgainst(error)
    const failure = reasons.find((reason) => !isRival(reason))
    if (failure) throw failure
    return undefined
  }
}

/** Why each server that voted against an operation did so. */
export async function votesAgainst(thrown: unknown): Promise<Error[]> {
  if (typeof thrown !== 'object' || thrown === null || !('attempts' in thrown)) return isError(thrown) ? [thrown] : []
  const votes = thrown.attempts as Promise<{ votesAgainst: Map<unknown, Error> }>[]
  const attempts = await Promise.all(votes)
  return attempts.flatMap((attempt) => [...attempt.votesAgainst.values()])
}
