import { decode, encode } from '../codec.ts'
import { journalText } from '../events/journal-text.ts'
import { encodeTransition } from '../events/transition-text.ts'
import { RedriveError, isError } from '../errors.ts'
import type { ErrorSummary, EventData } from '../message.ts'
import { scrubError } from '../redaction.ts'
import { QUARANTINED, type ClaimedMessage, type CommitEntry } from '../store/store.ts'
import { isOfUnknownForm, readable } from '../unreadable.ts'
import type { Advanced, AdvanceSettings } from './advance.ts'
import { readMark } from './lease-mark.ts'
import { FIELD, type LiveMessage } from './snapshot.ts'
import { encodeEvent } from './storable.ts'

/**
 * Puts a message aside because its machine threw. It stays as it was before the step, with its timers and its inbox, beside the
 * reason and the event that it could not take: visible, counted, and never lost.
 */
export function quarantine(
  message: LiveMessage,
  event: EventData,
  cause: unknown,
  settings: AdvanceSettings,
): Advanced {
  const stored = { ...message, fence: `${message.revision}:${message.token}` }
  return {
    message,
    entry: quarantineEntry(stored, event, hidden(message, cause, settings), settings.worker),
    started: [],
    stopped: [...message.invocations.values()].map((invocation) => ({ invocation, by: { type: 'event', event } })),
    actions: [],
    effects: [],
  }
}

/** A guard or an assign may quote what it has looked at. */
export const hidden = ({ input, snapshot }: LiveMessage, cause: unknown, { redaction }: AdvanceSettings): unknown =>
  redaction ? scrubError(cause, redaction, [input, snapshot.context]) : cause

/** The same for a message that could not even be brought to life: its machine is unknown, or lacks its state. */
export function quarantineEntry(
  stored: Pick<ClaimedMessage, 'id' | 'fence' | 'revision' | 'state' | 'fields' | 'journal'>,
  event: EventData,
  cause: unknown,
  worker: string,
): CommitEntry {
  const error = summary(cause)
  const seq = (stored.journal.at(-1)?.seq ?? -1) + 1
  const previous = stored.fields[FIELD.quarantine]
  const value = encode(
    {
      reason: `${error.name}: ${error.message}`,
      event: decode(encodeEvent(event, 'event')),
      state: placeOf(stored, previous),
    },
    'quarantine',
  )
  const draft = {
    id: stored.id,
    revision: stored.revision + 1,
    event: 'quarantine',
    from: stored.state,
    to: QUARANTINED,
  }
  return {
    id: stored.id,
    fence: stored.fence,
    state: QUARANTINED,
    changes: [
      // A reason of a later version also says where the message was: that version can go on from there.
      ...(isOfUnknownForm(readable(previous, decode))
        ? []
        : [{ field: FIELD.quarantine, value, ...(previous === undefined ? {} : { previous }) }]),
      ...standingBy(stored.fields),
    ],
    setTimers: [],
    clearTimers: [],
    attention: 'timers',
    disposal: 'park',
    consumed: 0,
    entered: true,
    journal: [{ seq, text: journalText('quarantine', QUARANTINED, worker, error) }],
    forget: [],
    transitions: [encodeTransition({ ...draft, tags: ['quarantined'], status: 'active', worker, error })],
  }
}

/** Tells where the message was at rest: one that goes into quarantine once more keeps the place of the first time. */
function placeOf({ state }: Pick<ClaimedMessage, 'state'>, previous: string | undefined): string {
  if (state !== QUARANTINED || previous === undefined) return state
  const known = readable(previous, decode)
  const place: unknown = typeof known === 'object' && known !== null && 'state' in known ? known.state : undefined
  return typeof place === 'string' ? place : state
}

/** Invocations and actions are stored as not running, and no worker as lost with them: whoever releases the message runs them again. */
function standingBy(fields: ClaimedMessage['fields']): CommitEntry['changes'] {
  return Object.entries(fields).flatMap(([field, previous]) => {
    if (!field.startsWith(FIELD.invocation) && !field.startsWith(FIELD.action)) return []
    const { name, running } = readMark(previous)
    const value = running && field.startsWith(FIELD.invocation) ? `-${name}` : name
    return value === previous ? [] : [{ field, previous, value }]
  })
}

function summary(cause: unknown): ErrorSummary {
  if (cause instanceof RedriveError) return { name: cause.name, message: cause.message, code: cause.code }
  if (isError(cause)) return { name: cause.name, message: cause.message, code: 'E_STEP_FAILED' }
  return { name: 'Error', message: `the machine threw ${String(cause)}`, code: 'E_STEP_FAILED' }
}
