import type { Command } from 'commander'
import type { MessageFilter } from '../client/steering/message-filter.ts'
import { milliseconds, usage, wholeNumber } from './usage.ts'

/** Which of the messages of a state. */
export interface FilterOptions {
  readonly errorName?: string
  readonly errorCode?: string
  readonly minAttempts?: number
  /** Milliseconds. */
  readonly olderThan?: number
  readonly idPrefix?: string
  /** `path=JSON` */
  readonly where?: string
}

export function addFilterOptions(command: Command): void {
  command
    .option('--error-name <name>', 'with --state: only those that failed last with such an error')
    .option('--error-code <code>', 'with --state: likewise, by its code')
    .option('--min-attempts <number>', 'with --state: only after so many', wholeNumber('--min-attempts', { min: 1 }))
    .option('--older-than <duration>', 'with --state: only those in it for longer', milliseconds('--older-than'))
    .option('--id-prefix <text>', 'with --state: only those whose ids begin so')
    .option('--where <path=json>', 'with --state: only those with this value in the payload, as in to.city="Oslo"')
}

/** The filter that was asked for, or nothing. @throws RedriveError `E_USAGE` for one without a state. */
export function filterOf(state: string | undefined, options: FilterOptions): MessageFilter | undefined {
  const { errorName, errorCode, minAttempts, olderThan, idPrefix, where } = options
  const asked = {
    ...(errorName === undefined ? {} : { errorName }),
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(minAttempts === undefined ? {} : { minAttempts }),
    ...(olderThan === undefined ? {} : { minAgeMs: olderThan }),
    ...(idPrefix === undefined ? {} : { idPrefix }),
    ...(where === undefined ? {} : fieldOf(where)),
  }
  if (Object.keys(asked).length === 0) return undefined
  if (state === undefined) throw usage('a filter goes with --state <name>: it tells which messages of that state.')
  return { state, ...asked }
}

function fieldOf(where: string): Pick<MessageFilter, 'field' | 'equals'> {
  const at = where.indexOf('=')
  if (at < 1) throw usage(`--where is a path and a JSON value, as in to.city="Oslo"; got ${JSON.stringify(where)}.`)
  const [field, text] = [where.slice(0, at), where.slice(at + 1)]
  try {
    return { field, equals: JSON.parse(text) as unknown }
  } catch {
    // A shell takes quotes away.
    return { field, equals: text }
  }
}
