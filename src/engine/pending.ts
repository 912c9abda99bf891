import type { Pending } from './fold.ts'
import type { Invocation } from './invocation.ts'
import type { Timer } from './snapshot.ts'
import type { Stimulus } from './stimulus.ts'

/** What is pending once these actions have run. */
export function withoutActions(pending: Pending, ran: readonly string[]): Pending {
  const { timers, invocations, joins, noncePrefix, nonces } = pending
  const actions = new Map([...pending.actions].filter(([nonce]) => !ran.includes(nonce)))
  return { timers, invocations, actions, joins, noncePrefix, nonces }
}

/** A timer that fired and an invocation that ended are over, whatever the machine makes of it. */
export function forget(pending: Pending, stimulus: Stimulus): Pending {
  if (!('nonce' in stimulus)) return pending
  const { timers, invocations, actions, joins, noncePrefix, nonces } = pending
  return stimulus.type === 'timer'
    ? { timers: withoutNonce(timers, stimulus.nonce), invocations, actions, joins, noncePrefix, nonces }
    : { timers, invocations: withoutNonce(invocations, stimulus.nonce), actions, joins, noncePrefix, nonces }
}

function withoutNonce<T extends Timer | Invocation>(entries: ReadonlyMap<string, T>, nonce: string): Map<string, T> {
  const left = new Map(entries)
  for (const [id, entry] of entries) if (entry.nonce === nonce) left.delete(id)
  return left
}
