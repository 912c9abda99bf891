import { RedriveError } from '../errors.ts'
import { toInteger, toMs, type Bounds } from '../options.ts'

/** The command line is wrong, and this is how to mend it. */
export const usage = (message: string): RedriveError => new RedriveError('E_USAGE', message)

/** Reads the value of an option such as `--limit`. */
export function wholeNumber(name: string, bounds: Bounds): (text: string) => number {
  return (text) => toInteger(/^\d+$/.test(text) ? Number(text) : text, name, bounds)
}

/** Reads the value of an option such as `--delay`. */
export function milliseconds(name: string): (text: string) => number {
  return (text) => toMs(text, name)
}

/** The examples below the help of a verb. */
export const examples = (...lines: string[]): string => `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`
