import { decode, encode } from '../codec.ts'
import { RedriveError } from '../errors.ts'
import { journalText } from '../events/journal-text.ts'
import { readMail } from '../events/mail-text.ts'
import { encodeTransition } from '../events/transition-text.ts'
import type { EventData } from '../message.ts'
import { FAILED, type ClaimedMessage, type CommitEntry, type Fields, type StoredTimer } from '../store/store.ts'
import type { AdvanceSettings } from './advance.ts'
import type { Effect } from './effects.ts'
import type { Progress } from './progress.ts'
import { FIELD, persist, timerText, type LiveMessage } from './snapshot.ts'
import { errorSummary } from './storable.ts'

/** The event by which a message that failed is brought back to where it failed. It names the failure, so that each is undone once. */
export const REDRIVE = 'redrive.redrive'

/** Where a message was when its machine ended in an error, as it is kept beside that error. */
export interface Failure {
  /** Another one for each time that it fails. */
  readonly id: string
  readonly state: string
  /** What it could not take, as a journal names it. */
  readonly event: string
  /** Fields that were others then, or are not there any more. */
  readonly fields: Fields
  /** Fields that came with the failure. */
  readonly lacks?: readonly string[]
  /** Text, and when it was due; one that was set in the very commit of the failure has its delay instead. */
  readonly timers: readonly (readonly [text: string, due: number | null, delay: number])[]
}

/** What is kept of the last good snapshot: only what the fields of the failed message do not have. */
export function failureText(message: LiveMessage, good: Progress, event: string, failed: Fields): string {
  const { timers, invocations, joins } = good.pending
  const waiting = new Map([...invocations].map(([id, each]) => [id, { ...each, running: false }]))
  const input = good.edited ? good.edited.input : message.input
  const pending = { invocations: waiting, actions: new Map(), joins }
  const fields = persist(message.machine, good.snapshot, input, pending)
  const lacks = [FIELD.history, FIELD.actors].filter((field) => field in failed && !(field in fields))
  const kept: Failure = {
    id: message.revision.toString(36),
    state: good.state,
    event,
    fields: Object.fromEntries(Object.entries(fields).filter(([field, text]) => failed[field] !== text)),
    ...(lacks.length === 0 ? {} : { lacks }),
    timers: [...timers.values()].map((timer) => [
      timerText(timer.id, timer.event),
      timer.due ?? null,
      timer.delay ?? 0,
    ]),
  }
  return encode(kept, 'failure')
}

/** `undefined` for a message that has not failed. @throws when another program has written it */
export function readFailure(fields: Fields): Failure | undefined {
  const text = fields[FIELD.failure]
  return text === undefined ? undefined : (decode(text) as Failure)
}

/** Whether somebody wants this failure undone, and not one before it. */
export const isRedriven = ({ id }: Failure, inbox: readonly string[]): boolean =>
  inbox.some((text) => {
    if (!text.includes(REDRIVE)) return false
    const event: EventData = readMail(text)
    return event.type === REDRIVE && event['failure'] === id
  })

/** The message as it was before it failed. Its timers have what was left to them then: its clock stood still. */
export function asItWas(claimed: ClaimedMessage, failure: Failure, now: number): ClaimedMessage {
  const { state, fields, timers, lacks = [] } = failure
  const gone: ReadonlySet<string> = new Set([FIELD.status, FIELD.error, FIELD.failure, ...lacks])
  const left = Object.entries(claimed.fields).filter(([field]) => !gone.has(field))
  return {
    ...claimed,
    state,
    fields: { ...Object.fromEntries(left), ...fields },
    timers: timers.map(([text, due, delay], i): StoredTimer => {
      const rest = due === null ? delay : Math.max(0, due - claimed.enteredAt)
      return { nonce: `0-${i.toString(36)}`, text, due: now + rest }
    }),
  }
}

/** What the message waited for begins anew with the commit that brings it back: the store has nothing of it any more. */
export function waitedFor({ timers, invocations }: LiveMessage, now: number): Effect[] {
  return [
    ...[...timers.values()].map(({ id, event, due = now }): Effect => ({
      type: 'timer.set',
      id,
      event,
      delay: due - now,
    })),
    ...[...invocations.values()].map(({ id, src, input }): Effect => ({ type: 'invoke', id, src, input })),
  ]
}

type Stored = Pick<ClaimedMessage, 'id' | 'fence' | 'revision' | 'inbox' | 'journal'>

/** A message that could not be brought back: it stays as it failed, and tells why. It can be redriven again. */
export function stayFailed(
  stored: Stored,
  cause: unknown,
  settings: Pick<AdvanceSettings, 'worker' | 'journal'>,
): CommitEntry {
  const { worker, journal } = settings
  const { id, fence, revision } = stored
  const code = cause instanceof RedriveError ? cause.code : 'E_STEP_FAILED'
  const error = { ...errorSummary(cause), code }
  const seq = (stored.journal.at(-1)?.seq ?? -1) + 1
  const step = { id, revision: revision + 1, event: 'redrive', from: FAILED, to: FAILED }
  return {
    id,
    fence,
    state: FAILED,
    changes: [],
    setTimers: [],
    clearTimers: [],
    attention: 'timers',
    disposal: 'park',
    seen: stored.inbox.length,
    consumed: 0,
    entered: false,
    journal: [{ seq, text: journalText('redrive', FAILED, worker, error) }],
    forget: stored.journal.filter((line) => line.seq <= seq - journal),
    transitions: [encodeTransition({ ...step, tags: ['dead'], status: 'error', worker, error })],
  }
}
