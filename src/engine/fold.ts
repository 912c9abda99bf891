import { RedriveError } from '../errors.ts'
import type { Status } from '../message.ts'
import { samePath, timerAddress } from './address.ts'
import type { Effect } from './effects.ts'
import { openJoin, type Joins, type StartAt } from './join.ts'
import { OUTGOING } from './outgoing.ts'
import type { PendingAction } from './action.ts'
import type { Invocation } from './invocation.ts'
import type { Timer } from './snapshot.ts'

/** What a message waits for and asks for, as its steps change it. */
export interface Pending {
  readonly timers: ReadonlyMap<string, Timer>
  readonly invocations: ReadonlyMap<string, Invocation>
  /** Custom actions that are still to be run, by nonce, in their order. */
  readonly actions: ReadonlyMap<string, PendingAction>
  /** Children that are waited for, by the nonce of their start. */
  readonly joins: Joins
  /** Nonces are unique within a message: the revision of the commit, and a count within it. */
  readonly noncePrefix: string
  readonly nonces: number
}

/** Longer than any date can be told; a delay beyond is a mistake such as NaN or Infinity. */
const MAX_DELAY = 8_640_000_000_000_000 / 10

/** Folds effects in their order: a state that is re-entered cancels, stops, sets and invokes again under the same ids. */
export function fold(pending: Pending, effects: readonly Effect[], status: Status): Pending {
  if (effects.length === 0 && status === 'active') return pending
  const timers = new Map(pending.timers)
  const invocations = new Map(pending.invocations)
  const actions = new Map(pending.actions)
  let { nonces, joins } = pending
  const nonce = (): string => `${pending.noncePrefix}-${(nonces++).toString(36)}`

  for (const effect of effects) {
    if (effect.type === 'timer.set') {
      const fresh = nonce()
      const id = (effect.at ?? '') + (effect.id ?? fresh)
      const when = effect.due === undefined ? { delay: checkDelay(id, effect.delay) } : { due: effect.due }
      timers.set(id, { nonce: fresh, id, event: effect.event, ...when })
    } else if (effect.type === 'timer.cancel') cancel(timers, effect)
    else if (effect.type === 'invoke') {
      invocations.set(effect.id, {
        nonce: nonce(),
        id: effect.id,
        src: effect.src,
        input: effect.input,
        running: false,
      })
    } else if (effect.type === 'stop') invocations.delete(effect.id)
    else if (effect.type === 'action') {
      const fresh = nonce()
      actions.set(fresh, { ...effect, nonce: fresh, started: false })
      if (effect.name === OUTGOING.start) joins = openJoin(joins, fresh, effect.params as StartAt)
    }
  }
  // A finished machine waits for nothing, though XState leaves the timers of its outer states alone.
  if (status !== 'active') {
    timers.clear()
    invocations.clear()
  }
  return { timers, invocations, actions, joins, noncePrefix: pending.noncePrefix, nonces }
}

function cancel(timers: Map<string, Timer>, { at, id }: Extract<Effect, { type: 'timer.cancel' }>): void {
  if (at === undefined) return void timers.delete(id!)
  for (const key of timers.keys()) {
    const timer = timerAddress(key)
    if (samePath(timer.source, at) && (id === undefined || timer.id === id)) timers.delete(key)
  }
}

function checkDelay(id: string, delay: number): number {
  if (delay <= 0) return 0
  if (delay <= MAX_DELAY) return Math.round(delay)
  throw new RedriveError('E_STEP_FAILED', `the delay of timer "${id}" must be a number of milliseconds; got ${delay}.`)
}
