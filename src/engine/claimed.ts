import { decode } from '../codec.ts'
import { readMail } from '../events/mail-text.ts'
import { openLetter } from './letter.ts'
import type { ClaimedMessage } from '../store/store.ts'
import { editIn, followInput } from './edit.ts'
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
  const stored = quarantined === undefined ? claimed : { ...claimed, state: placeBefore(quarantined) }
  const place = versions.find(stored.fields[FIELD.machine] ?? '')
  if (place.what === 'leave') return 'left'
  const { message, first } =
    place.what === 'run' ? stay(place.machine, stored, quarantined !== undefined) : moved(versions, stored)
  const edits = quarantined === undefined ? [] : editsOf(message, first)
  return { message, stimuli: [...first, ...edits, ...stimuliOf(message, now)] }
}

interface Beginning {
  readonly message: LiveMessage
  /** The step that writes down where it is now, when that is not where it was. */
  readonly first: readonly Stimulus[]
}

function stay(machine: DurableMachine, stored: ClaimedMessage, released: boolean): Beginning {
  const message = restore(machine, stored)
  const release: Stimulus = { type: 'moved', label: 'release', snapshot: message.snapshot, effects: [] }
  return { message, first: released ? [release] : [] }
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

const isReleased = (inbox: readonly string[]): boolean =>
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
