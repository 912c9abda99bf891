import type { QueueRuntime } from '../../engine/runtime.ts'
import { advance, type Advanced } from '../../engine/advance.ts'
import { revive } from '../../engine/claimed.ts'
import { decode } from '../../codec.ts'
import { readFailure, REDRIVE } from '../../engine/failure.ts'
import { mailText } from '../../events/mail-text.ts'
import { RedriveError } from '../../errors.ts'
import { FIELD, type LiveMessage } from '../../engine/snapshot.ts'
import type { Stimulus } from '../../engine/stimulus.ts'
import { decodeTransitions } from '../../events/transition-text.ts'
import { FAILED, QUARANTINED, type StoredMessage } from '../../store/store.ts'

/** What a step would make of a message. Nothing is written, and no action is run. */
export interface Rehearsed {
  readonly from: string
  readonly to: string
  /** Whether the machine takes it at all. */
  readonly changed: boolean
  /** Why the machine could not take the step. */
  readonly error?: string
  readonly advanced: Advanced
}

const SETTINGS = { worker: 'rehearsal', journal: 100, removes: () => false }

/**
 * A stored message brought to life as a worker would do it, without what waits for it.
 * @throws RedriveError `E_UNKNOWN_MACHINE` for a version that is not here, `E_STEP_FAILED` for one that is put aside
 */
export function awaken(
  { name, versions }: Pick<QueueRuntime, 'name' | 'versions'>,
  stored: StoredMessage,
  now: number,
): LiveMessage {
  // One that failed is looked at as it is, and not as one that nobody wants to have redriven.
  const { [FIELD.failure]: _failure, ...fields } = stored.fields
  const claimed = { ...stored, fields, inbox: [], fence: `${stored.revision}:`, dueAt: now }
  const revived = attempt(() => revive(versions, claimed, now))
  const { id } = stored
  if (revived === 'parked')
    throw new RedriveError('E_STEP_FAILED', `"${id}" is put aside, and takes no step before it is released.`, { id })
  if (revived === 'left') {
    const ref = stored.fields[FIELD.machine] ?? ''
    const text = `"${id}" is of ${ref}, which came to "${name}" after the machine of this process.`
    throw new RedriveError('E_UNKNOWN_MACHINE', text, { id, machine: ref })
  }
  const moves = revived.stimuli.filter(({ type }) => type === 'moved')
  return moves.length === 0 ? revived.message : advance(revived.message, moves, SETTINGS).message
}

/**
 * What a redrive would make of a message that failed; `undefined` for any other.
 * @throws RedriveError as `awaken` does
 */
export function rehearseRedrive(
  { versions }: Pick<QueueRuntime, 'versions'>,
  stored: StoredMessage,
  now: number,
): Rehearsed | undefined {
  const failure = readFailure(stored.fields)
  if (!failure || stored.state !== FAILED) return undefined
  const inbox = [mailText({ type: REDRIVE, failure: failure.id })]
  const revived = attempt(() => revive(versions, { ...stored, inbox, fence: `${stored.revision}:`, dueAt: now }, now))
  if (typeof revived === 'string') return undefined
  const [back] = revived.stimuli
  return back && rehearse(revived.message, back)
}

/** What a machine throws that does not fit the message is told as it is. */
function attempt<T>(bring: () => T): T {
  try {
    return bring()
  } catch (error) {
    if (error instanceof RedriveError) throw error
    const text = `the message does not fit the machine of this process: ${error instanceof Error ? error.message : String(error)}`
    throw new RedriveError('E_STEP_FAILED', text, { cause: error })
  }
}

/** By the very step that a worker would take. */
export function rehearse(message: LiveMessage, stimulus: Stimulus): Rehearsed {
  const advanced = advance(message, [stimulus], SETTINGS)
  const { state, transitions, changes } = advanced.entry
  const facts = { from: message.state, advanced }
  if (state !== QUARANTINED) return { ...facts, to: state, changed: transitions.length > 0 }
  const { value } = changes.find(({ field }) => field === FIELD.quarantine) ?? {}
  const { reason } = (value === undefined ? {} : decode(value)) as { reason?: string }
  return { ...facts, to: message.state, changed: false, error: reason ?? 'the machine threw' }
}

/** What the step asks for, as data. */
export function effectsOf(before: LiveMessage, { entry, started, stopped, actions, effects }: Advanced): object[] {
  const idOf = (text: string): string => text.split('\n')[0] ?? ''
  const emitted = entry.transitions.flatMap((text) => decodeTransitions('', 0, `[${text}]`)[0]?.emitted ?? [])
  return [
    ...entry.clearTimers.map(({ text }) => ({ type: 'timer.cancel', id: idOf(text) })),
    ...entry.setTimers.map(({ text, delay }) => ({ type: 'timer.set', id: idOf(text), delayMs: delay })),
    ...stopped.map(({ invocation: { id, src } }) => ({ type: 'stop', id, src })),
    ...started
      .filter(({ nonce }) => ![...before.invocations.values()].some((known) => known.nonce === nonce))
      .map(({ id, src, input }) => ({ type: 'invoke', id, src, input })),
    ...actions.map(({ name, params }) => ({ type: 'action', name, params })),
    ...emitted.map((event) => ({ type: 'emit', event })),
    ...effects,
  ]
}
