import type { Status } from '../message.ts'
import { show } from '../options.ts'
import { PARKED, type ClaimedMessage } from '../store/store.ts'

const STATUSES: ReadonlySet<string> = new Set<Status>(['active', 'done', 'error', 'stopped'])

/**
 * What decoding does not find: a wrong time or status would go on into the next commit, and fail there with all others of its batch.
 * @throws when another program must have written it.
 */
export function checkReadable({ timers }: ClaimedMessage, status: string | undefined): void {
  if (status !== undefined && !STATUSES.has(status)) throw new Error(`its status is ${show(status)}`)
  const broken = timers.find(({ due }) => !(Math.abs(due) < PARKED))
  if (broken) throw new Error(`its timer ${show(broken.text)} is due at no time`)
}

/**
 * What a message asks for is numbered by its revision. In one whose revision went back, something new would be taken for what is there, and
 * nobody would run it.
 * @throws when another program must have written it.
 */
export function checkRevision({ fields, timers, revision }: ClaimedMessage): void {
  const nonces = [...timers.map(({ nonce }) => nonce), ...Object.keys(fields).flatMap(nonceIn)]
  const later = nonces.find((nonce) => parseInt(nonce, 36) >= revision)
  if (later !== undefined) throw new Error(`its revision ${revision} is older than what it has asked for (${later})`)
}

/** Of an invocation, or of an action that is still to be run. */
const nonceIn = (field: string): string[] => (/^[IA][0-9a-z]+-/.test(field) ? [field.slice(1)] : [])
