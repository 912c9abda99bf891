import type Redlock from 'redlock'
import { loadWithRequire } from '../lent-require.ts'

let loading: Promise<typeof import('redlock')> | undefined

/** Loaded with the first lock that is taken outside of the scripts: most programs take none. */
export function loadLibrary(): Promise<typeof import('redlock')> {
  loading ??= loadWithRequire(() => import('redlock'))
  return loading
}

/** Another client has the lock: an answer, not a failure. */
export const isRival = (reason: Error): boolean => reason.name === 'ResourceLockedError'

export type Library = Redlock
