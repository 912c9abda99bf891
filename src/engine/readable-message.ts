import type { Status } from '../message.ts'
import { show } from '../options.ts'
import { PARKED, type StoredTimer } from '../store/store.ts'

const STATUSES: ReadonlySet<string> = new Set<Status>(['active', 'done', 'error', 'stopped'])

/**
 * What decoding does not find: a wrong time or status would go on into the next commit, and fail there with all others of its batch.
 * @throws when another program must have written it.
 */
export function checkReadable(status: string | undefined, timers: readonly StoredTimer[]): void {
  if (status !== undefined && !STATUSES.has(status)) throw new Error(`its status is ${show(status)}`)
  const broken = timers.find(({ due }) => !(Math.abs(due) < PARKED))
  if (broken) throw new Error(`its timer ${show(broken.text)} is due at no time`)
}
