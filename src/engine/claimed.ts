import { RedriveError } from '../errors.ts'
import { readMail } from '../events/mail-text.ts'
import type { ClaimedMessage } from '../store/store.ts'
import type { DurableMachine } from './registry.ts'
import { FIELD, restore, type LiveMessage } from './snapshot.ts'
import type { Stimulus } from './stimulus.ts'

/**
 * Brings a claimed message to life with the machine of its queue.
 * @throws RedriveError `E_UNKNOWN_MACHINE`, or what `restore` throws.
 */
export function revive(machine: DurableMachine, stored: ClaimedMessage): LiveMessage {
  const ref = stored.fields[FIELD.machine] ?? ''
  const id = ref.slice(0, ref.indexOf('@'))
  if (id !== machine.id)
    throw new RedriveError('E_UNKNOWN_MACHINE', `it belongs to "${ref}", and this worker knows ${machine.ref}.`)
  return restore(machine, stored)
}

/**
 * Why a message was claimed, in the order in which the machine is to hear of it: an attempt whose worker lost its lease, timers by
 * their time, then the inbox. An invocation that was handed back in an orderly way is no stimulus: it is just started again.
 */
export function stimuliOf(message: LiveMessage, now: number): Stimulus[] {
  const lost = [...message.invocations.values()]
    .filter(({ running }) => running)
    .map(({ nonce, id }): Stimulus => ({ type: 'error', nonce, error: leaseLost(id) }))
  const due = [...message.timers.values()]
    .filter((timer) => (timer.due ?? 0) <= now)
    .toSorted((a, b) => (a.due ?? 0) - (b.due ?? 0))
    .map(({ nonce }): Stimulus => ({ type: 'timer', nonce }))
  return [...lost, ...due, ...mailOf(message.inbox)]
}

/** The events of an inbox. @throws when one of its texts is broken. */
export function mailOf(inbox: readonly string[]): Stimulus[] {
  return inbox.map((text) => ({ type: 'event', event: readMail(text) }))
}

function leaseLost(invocation: string): RedriveError {
  return new RedriveError(
    'E_LEASE_LOST',
    `the worker that ran "${invocation}" lost its lease: it crashed, hung, or was cut off.`,
  )
}
