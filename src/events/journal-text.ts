import { hasCode } from '../errors.ts'
import type { ContextChanges, ErrorSummary, JournalEntry } from '../message.ts'
import { readChanges } from './context-changes.ts'

/** As the store returns it. */
export interface JournalLine {
  readonly seq: number
  readonly at: number
  readonly text: string
}

/** What references in a journal are to: the input now, and what was sent, where it was edited since. */
export interface JournalInputs {
  readonly input: unknown
  readonly sentInput?: unknown
}

const SEPARATOR = '\u001f'
const MAX_ERROR = 200
/** Parts before the changes of the context, which may hold anything. */
const PARTS = 4
const EDIT = 'edit'

/**
 * A line of a message's journal: event, state entered, worker, error, and what changed in the context where the queue keeps that. The state
 * before is the one of the line before.
 */
export function journalText(event: string, to: string, worker: string, error?: ErrorSummary, changes?: string): string {
  const parts = [event, to, worker]
  if (error) parts.push(`${error.name}: ${error.message}`.slice(0, MAX_ERROR))
  else if (changes !== undefined) parts.push('')
  const text = parts.map((part) => part.replaceAll(SEPARATOR, ' ')).join(SEPARATOR)
  return changes === undefined ? text : text + SEPARATOR + changes
}

/** The first line of a journal says only where the message began, and with which context. */
export const firstJournalText = (to: string, changes?: string): string =>
  changes === undefined ? to : journalText(to, '', '', undefined, changes)

export function readJournal(entries: readonly JournalLine[], inputs?: JournalInputs): JournalEntry[] {
  let from: string | null = null
  const parted = entries.map(({ seq, at, text }) => ({ seq, at, parts: text.split(SEPARATOR) }))
  const edit = parted.find(({ parts: [event] }) => event === EDIT)
  return parted.map(({ seq, at, parts }) => {
    const [event = '', to, worker = '', error = '', ...rest] = parts
    const isFirst = to === undefined || to === ''
    const input = edit && seq < edit.seq ? (inputs?.sentInput ?? inputs?.input) : inputs?.input
    const changed = parts.length > PARTS ? changesOf(rest.join(SEPARATOR), input) : undefined
    const entry = {
      seq,
      at,
      event: isFirst ? 'init' : event,
      from,
      to: isFirst ? event : to,
      worker,
      ...(error === '' ? {} : { error }),
      ...(changed ? { changed } : {}),
    }
    from = entry.to
    return entry
  })
}

/** What another program wrote there is not taken for changes. */
function changesOf(text: string, input: unknown): ContextChanges | undefined {
  try {
    return readChanges(text, input)
  } catch (error) {
    // Nothing would look as if the step had changed nothing.
    if (hasCode(error, 'E_UNKNOWN_FORM')) return { set: {}, removed: [], truncated: [], unreadable: error.message }
    return undefined
  }
}
