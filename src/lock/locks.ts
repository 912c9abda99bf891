/** A lock that somebody holds: for so long nobody else advances the message. */
export interface HeldLock {
  /** The value of the key, 32 hexadecimal characters. */
  readonly token: string
  /** Prolongs it to `ms` from now; `false` when it was lost meanwhile. */
  extend(ms: number): Promise<boolean>
  /** Gives it back; giving back what is lost is no error. */
  release(): Promise<void>
}

export interface LockPlace {
  readonly queue: string
  readonly index: number
}

/**
 * The per-message locks, outside the hot path. A worker takes and renews its locks by the scripts, in batches; this port is for
 * those who come from outside of the loop: maintenance that must keep workers off, and a handler that knows it will be long.
 */
export interface Locks {
  /** Takes the lock of a message, or answers `undefined` when another holds it. */
  acquire(place: LockPlace, id: string, ms: number): Promise<HeldLock | undefined>
  /** A handle on a lock that a script has set under this token. */
  adopt(place: LockPlace, id: string, token: string): HeldLock
  close(): Promise<void>
}
