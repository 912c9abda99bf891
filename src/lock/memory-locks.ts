import { randomBytes } from 'node:crypto'
import type { HeldLock, LockPlace, Locks } from './locks.ts'

/** A store that keeps its own locks, as the memory store does. */
export interface LockKeeper {
  /** Takes or prolongs the lock for `ms`, or gives it up with 0; `false` when another holds it (or nobody does any more). */
  lock?(place: LockPlace, id: string, token: string, ms: number, held: boolean): boolean
}

export function createMemoryLocks(keeper: LockKeeper): Locks {
  const handle = (place: LockPlace, id: string, token: string): HeldLock => ({
    token,
    extend: async (ms) => keeper.lock?.(place, id, token, ms, true) ?? false,
    async release() {
      keeper.lock?.(place, id, token, 0, true)
    },
  })
  return {
    async acquire(place, id, ms) {
      const token = randomBytes(16).toString('hex')
      return keeper.lock?.(place, id, token, ms, false) ? handle(place, id, token) : undefined
    },
    adopt: handle,
    close: async () => {},
  }
}
