import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'

/** What the processes of a run write down for the checker. Each line is one record. */
export type Entry =
  /** A send was called. */
  | { readonly t: 'try'; readonly id: string }
  /** It was answered. `confirmed`: by so many replicas. */
  | { readonly t: 'ack'; readonly id: string; readonly status: string; readonly confirmed?: number }
  /** A note was answered; `clean` when no note of this sender had to be sent again, so that their order is promised. */
  | {
      readonly t: 'note'
      readonly id: string
      readonly sender: string
      readonly number: number
      readonly status: string
      readonly clean: boolean
      readonly confirmed?: number
    }
  /** A handler was started. */
  | { readonly t: 'start'; readonly id: string; readonly src: string; readonly fence: string; readonly at: number }
  /** A custom action was run. */
  | { readonly t: 'mark'; readonly id: string; readonly name: string }

export interface RecordFile {
  write(entry: Entry): void
  close(): void
}

/** Appends to a file by plain writes, which outlive the process that is killed the moment after. */
export function openRecords(path: string): RecordFile {
  const file = openSync(path, 'a')
  return {
    write: (entry) => void writeSync(file, `${JSON.stringify(entry)}\n`),
    close: () => closeSync(file),
  }
}

/** A process may be killed in the middle of its last line. */
export function readRecords(path: string): Entry[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Entry)
}
