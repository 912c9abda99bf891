import { decode } from '../codec.ts'
import { readMail } from '../events/mail-text.ts'
import { openLetter } from './letter.ts'
import { FAILED, type ClaimedMessage } from '../store/store.ts'
import { editIn, followInput } from './edit.ts'
import { asItWas, isRedriven, readFailure, waitedFor, type Failure } from './failure.ts'
import { move } from './move.ts'
import type { DurableMachine } from './registry.ts'
import { FIELD, restore, type LiveMessage } from './snapshot.ts'
import type { Stimulus } from './stimulus.ts'
import type { Versions } from './versions.ts'

/** The event by which a message is let out of quarantine. */
export const RELEASE = 'redrive.release'

/** What a claimed message is to this process: one to work on, or one to put back because it is `left` to others or stays `parked`. */
export type Revived = { readonly message: LiveMessage; readonly stimuli: readonly Stimulus[] } | 'left' | 'parked'

/**
 * Brings a claimed message to life, in the version of the machine that it belongs to, or is moved to.
 * @throws RedriveError `E_UNKNOWN_MACHINE`, or why it cannot be brought to life.
 */
export function revive(versions: Versions, claimed: ClaimedMessage, now: number): Revived {
  const quarantined = claimed.fields[FIELD.quarantine]
  if (quarantined !== undefined && !isReleased(claimed.inbox)) return 'parked'
  const failure = quarantined === undefined ? readFailure(claimed.fields) : undefined
  if (failure && isRedriven(failure, claimed.inbox)) return redriven(versions, claimed, failure, now)
  if (failure && !hasActions(claimed)) return 'parked'
  const stored = quarantined === undefined ? claimed : { ...claimed, state: placeBefore(quarantined) }
  const place = versions.find(stored.fields[FIELD.machine] ?? '')
  if (place.what === 'leave') return 'left'
  const { message, first } =
    place.what === 'run'
      ? stay(place.machine, stored, quarantined === undefined ? undefined : 'release')
      : moved(versions, stored)
  const edits = quarantined === undefined ? [] : editsOf(message, first)
  return { message, stimuli: [...first, ...edits, ...stimuliOf(message, now)] }
}

interface Beginning {
  readonly message: LiveMessage
  /** The step that writes down where it is now, when that is not where it was. */
  readonly first: readonly Stimulus[]
}

/** @param label of the step that says so, where it comes back from somewhere */
function stay(machine: DurableMachine, stored: ClaimedMessage, label?: 'release' | 'redrive'): Beginning {
  const message = restore(machine, stored)
  if (label === undefined) return { message, first: [] }
  return { message, first: [{ type: 'moved', label, snapshot: message.snapshot, effects: [] }] }
}

/** Only its last actions are done for a message that failed. */
const hasActions = ({ fields }: ClaimedMessage): boolean =>
  Object.keys(fields).some((field) => field.startsWith(FIELD.action))

/** Back to where it failed, as if its clock had stood still: what it waited for begins anew, and what waits in its inbox comes after that. */
function redriven(versions: Versions, claimed: ClaimedMessage, failure: Failure, now: number): Revived {
  const stored = asItWas(claimed, failure, now)
  const place = versions.find(stored.fields[FIELD.machine] ?? '')
  if (place.what === 'leave') return 'left'
  const { message, first } = place.what === 'run' ? stay(place.machine, stored, 'redrive') : moved(versions, stored)
  const [step] = first
  if (step?.type !== 'moved') throw new Error('it is brought back by no step')
  const back: Stimulus = { ...step, effects: [...waitedFor(message, now), ...step.effects] }
  const there = { state: FAILED, fields: claimed.fields, timers: new Map(), invocations: new Map() }
  return { message: { ...message, ...there }, stimuli: [back, ...stimuliOf({ ...message, ...there }, now)] }
}

function moved({ current, migrate }: Versions, stored: ClaimedMessage): Beginning {
  const { message, step } = move(current, stored, migrate)
  return { message, first: [step] }
}

/** What was edited in quarantine comes before all else: it may be just what the machine could not take. */
function editsOf(message: LiveMessage, first: readonly Stimulus[]): Stimulus[] {
  const edited = message.inbox.flatMap((text) => editIn(readMail(text)) ?? []).at(-1)
  if (!edited) return []
  const place = first.find((stimulus) => stimulus.type === 'moved')?.snapshot ?? message.snapshot
  const snapshot = followInput(message.machine, place, message.input, edited.input)
  return [{ type: 'moved', label: 'edit', snapshot, effects: [], edited }]
}

/** Whether the event that lets a message out of quarantine waits for it. */
export const isReleased = (inbox: readonly string[]): boolean =>
  inbox.some((text) => text.includes(RELEASE) && readMail(text).type === RELEASE)

function placeBefore(quarantined: string): string {
  const { state } = (decode(quarantined) ?? {}) as { state?: unknown }
  if (typeof state !== 'string') throw new Error('nothing says in which state it was when it was put aside')
  return state
}

/**
 * Why a message was claimed, in the order in which the machine is to hear of it: what ran while its worker lost its lease, timers by
 * their time, then the inbox. An invocation that was handed back in an orderly way is no stimulus: it is just started again.
 */
export function stimuliOf(message: LiveMessage, now: number): Stimulus[] {
  const lost = [...message.invocations.values()]
    .filter(({ running }) => running)
    .map(({ nonce }): Stimulus => ({ type: 'lost', nonce }))
  const begun = [...message.actions.values()]
    .filter((action) => action.begun)
    .map(({ nonce }): Stimulus => ({ type: 'lost', nonce }))
  const due = [...message.timers.values()]
    .filter((timer) => (timer.due ?? 0) <= now)
    .toSorted((a, b) => (a.due ?? 0) - (b.due ?? 0))
    .map(({ nonce }): Stimulus => ({ type: 'timer', nonce }))
  return [...lost, ...begun, ...due, ...mailOf(message.inbox)]
}

/** The events of an inbox. @throws when one of its texts is broken. */
export function mailOf(inbox: readonly string[]): Stimulus[] {
  return inbox.map((text) => ({ type: 'event', ...openLetter(readMail(text)) }))
}
