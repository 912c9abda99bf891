import type { JournalEntry } from '../message.ts'

/** A journal for people, a line for each transition; times count from the first one shown. */
export function journalTable(journal: readonly JournalEntry[]): string {
  const start = journal[0]?.at ?? 0
  return journal
    .map(({ at, event, from, to, worker, error }) => {
      const what = `${from ?? '(new)'} -> ${to}`
      return `  +${at - start}ms  ${event}: ${what}  by ${worker}${error === undefined ? '' : `  ${error}`}`
    })
    .join('\n')
}
