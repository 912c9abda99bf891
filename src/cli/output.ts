import { toJson } from './plain-json.ts'
import { colorsFor, type Colors, type Terminal } from './terminal.ts'

/** What a verb has to say. */
export interface Output {
  /** NDJSON was asked for. */
  readonly json: boolean
  readonly colors: Colors
  /** One record: a line of JSON, or the text for people. */
  record(value: unknown, text: () => string): void
  /** Many records: a line of JSON each, or one text for all of them. */
  records(values: readonly unknown[], text: () => string): void
  /** Something beside the data, on stderr. */
  note(text: string): void
}

export function createOutput({ stdout, stderr, env }: Terminal, json: boolean): Output {
  const line = (text: string): void => void stdout.write(`${text}\n`)
  return {
    json,
    colors: colorsFor(stdout, env),
    record: (value, text) => line(json ? toJson(value) : text()),
    records(values, text) {
      if (json) for (const value of values) line(toJson(value))
      else if (values.length > 0) line(text())
    },
    note: (text) => void stderr.write(`${text}\n`),
  }
}
