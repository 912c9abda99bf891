import { RedriveError } from '../errors.ts'
import { defaultLeases, type LeasePolicy } from './lease-policy.ts'
import type { Pending } from './fold.ts'
import type { DurableMachine } from './registry.ts'

/** What becomes of an invocation or action whose worker lost its lease. */
export type AfterLoss =
  /** It is run again: that is pending now, and told under this name. */
  | { readonly what: 'rerun'; readonly pending: Pending; readonly name: string; readonly error: RedriveError }
  /** Its machine hears of it. */
  | { readonly what: 'error'; readonly error: RedriveError }
  /** It came too late: the invocation has ended. */
  | { readonly what: 'nothing' }

/**
 * A lost worker is no failure of its handler: what ran is run again, under a new nonce, until too many workers were lost with it.
 * An action has no machine to hear of it, so that a message whose action takes its workers with it is put in quarantine.
 * @throws RedriveError `E_LEASE_LOST` for such an action
 */
export function afterLoss(
  machine: DurableMachine,
  pending: Pending,
  nonce: string,
  leases: LeasePolicy = defaultLeases,
): AfterLoss {
  const invocation = [...pending.invocations.values()].find((each) => each.nonce === nonce)
  if (!invocation) return actionAfterLoss(machine, pending, nonce, leases)
  const leasesLost = (invocation.leasesLost ?? 0) + 1
  const most = leases(machine, invocation.src)
  const { id } = invocation
  if (leasesLost > most) return { what: 'error', error: leaseLost(`"${id}"`, most === 0 ? '' : told(leasesLost)) }
  const fresh = `${pending.noncePrefix}-${pending.nonces.toString(36)}`
  // In its place: what is stopped or told goes by the order in which they were invoked.
  const invocations = new Map(pending.invocations).set(id, { ...invocation, nonce: fresh, running: false, leasesLost })
  const error = leaseLost(`"${id}"`, again(leasesLost, most))
  return { what: 'rerun', pending: { ...pending, invocations, nonces: pending.nonces + 1 }, name: id, error }
}

function actionAfterLoss(machine: DurableMachine, pending: Pending, nonce: string, leases: LeasePolicy): AfterLoss {
  const action = pending.actions.get(nonce)
  if (!action) return { what: 'nothing' }
  const leasesLost = (action.leasesLost ?? 0) + 1
  const most = leases(machine)
  const { begun: _begun, ...left } = action
  if (leasesLost > most) throw leaseLost(`the action "${action.name}"`, told(leasesLost))
  // Its nonce is its place among the others.
  const actions = new Map(pending.actions).set(nonce, { ...left, leasesLost })
  const error = leaseLost(`the action "${action.name}"`, again(leasesLost, most))
  return { what: 'rerun', pending: { ...pending, actions }, name: action.name, error }
}

const told = (leasesLost: number): string => ` That happened ${leasesLost} times, and it is not run again.`

const again = (leasesLost: number, most: number): string =>
  most === Infinity ? ` It is run again.` : ` It is run again, for the ${leasesLost}. time of at most ${most}.`

function leaseLost(what: string, then: string): RedriveError {
  return new RedriveError(
    'E_LEASE_LOST',
    `the worker that ran ${what} lost its lease: it crashed, hung, or was cut off.${then}`,
  )
}
