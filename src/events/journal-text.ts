import type { ErrorSummary, JournalEntry } from '../message.ts'
/** As the store returns it. */
export interface JournalLine {
  readonly seq: number
  readonly at: number
  readonly text: string
}

const SEPARATOR = '\u001f'
const MAX_ERROR = 200

/** A line of a message's journal: event, state entered, worker, error. The state before is the one of the line before. */
export function journalText(event: string, to: string, worker: string, error?: ErrorSummary): string {
  const parts = [event, to, worker]
  if (error) parts.push(`${error.name}: ${error.message}`.slice(0, MAX_ERROR))
  return parts.map((part) => part.replaceAll(SEPARATOR, ' ')).join(SEPARATOR)
}

/** The first line of a journal says only where the message began. */
export const firstJournalText = (to: string): string => to

export function readJournal(entries: readonly JournalLine[]): JournalEntry[] {
  let from: string | null = null
  return entries.map(({ seq, at, text }) => {
    const [event = '', to, worker = '', error] = text.split(SEPARATOR)
    const first = to === undefined
    const entry = {
      seq,
      at,
      event: first ? 'init' : event,
      from,
      to: to ?? event,
      worker,
      ...(error === undefined ? {} : { error }),
    }
    from = entry.to
    return entry
  })
}
