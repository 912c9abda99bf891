import { RedriveError } from '../../errors.ts'
import type { Message } from '../../message.ts'
import { checkNames, show, toObject } from '../../options.ts'
import { errorFacts, type See } from './error-facts.ts'

/** Which messages of a state are meant; what is not given does not matter. */
export interface MessageFilter {
  /** Name of a state as `stats()` tells it; a compound state means all within it. */
  readonly state: string
  readonly errorName?: string
  readonly errorCode?: string
  /** As the dashboard groups errors: alike but for numbers, ids and quoted texts. */
  readonly errorFingerprint?: string
  /** By the `attempt` (or `attempts`) of the context. */
  readonly minAttempts?: number
  readonly maxAttempts?: number
  /** Milliseconds since the state was entered. */
  readonly minAgeMs?: number
  readonly maxAgeMs?: number
  readonly idPrefix?: string
  /** A path in the payload, such as `to.city`, and the JSON value that is there. */
  readonly field?: string
  readonly equals?: unknown
}

const TEXTS = ['state', 'errorName', 'errorCode', 'errorFingerprint', 'idPrefix', 'field']
const NUMBERS = ['minAttempts', 'maxAttempts', 'minAgeMs', 'maxAgeMs']

/** @throws RedriveError `E_EMPTY_FILTER` without a state; `E_INVALID_OPTION` */
export function checkFilter(filter: MessageFilter): MessageFilter {
  if (typeof toObject(filter, 'filter').state !== 'string' || filter.state === '')
    throw new RedriveError(
      'E_EMPTY_FILTER',
      'a filter must name a state: nothing is done to all messages of a queue.',
      {
        path: 'filter.state',
      },
    )
  checkNames(filter, 'filter', [...TEXTS, ...NUMBERS, 'equals'])
  for (const [name, value] of Object.entries(filter)) {
    if (value === undefined || name === 'equals') continue
    const isNumber = NUMBERS.includes(name)
    if (isNumber ? typeof value === 'number' && value >= 0 : typeof value === 'string' && value !== '') continue
    const expected = isNumber ? 'a number from 0' : 'text'
    throw new RedriveError('E_INVALID_OPTION', `filter.${name} must be ${expected}; got ${show(value)}.`, {
      path: `filter.${name}`,
    })
  }
  if ((filter.field === undefined) !== (filter.equals === undefined))
    throw new RedriveError(
      'E_INVALID_OPTION',
      'filter.field and filter.equals go together: a path in the payload, and the JSON value that it has.',
      { path: 'filter.field' },
    )
  return filter
}

/** Whether the id and the state alone decide. */
export const isPlain = (filter: MessageFilter): boolean =>
  Object.entries(filter).every(([name, value]) => value === undefined || name === 'state' || name === 'idPrefix')

/** Whether a stored state is the asked one, has it among its regions, or lies within it. */
export const isWithin = (stored: string, asked: string): boolean =>
  stored === asked || stored.split('+').some((leaf) => leaf === asked || leaf.startsWith(`${asked}.`))

/** `now` is the store's; `see` tells what may be seen, or a filter could find out what is hidden. */
export function matches(filter: MessageFilter, message: Message, now: number, see: See): boolean {
  const { minAttempts = 0, maxAttempts = Infinity, minAgeMs = 0, maxAgeMs = Infinity, idPrefix = '' } = filter
  if (!isWithin(message.state, filter.state) || !message.id.startsWith(idPrefix)) return false
  const attempts = attemptsOf(message)
  const age = now - message.enteredAt
  if (attempts < minAttempts || attempts > maxAttempts || age < minAgeMs || age > maxAgeMs) return false
  return hasError(filter, message, see) && hasField(filter, see(message.input, 'input'))
}

function hasError({ errorName, errorCode, errorFingerprint }: MessageFilter, message: Message, see: See): boolean {
  if (errorName === undefined && errorCode === undefined && errorFingerprint === undefined) return true
  const error = errorFacts(message, see)
  return (
    error !== undefined &&
    (errorName ?? error.name) === error.name &&
    (errorCode ?? error.code) === error.code &&
    (errorFingerprint ?? error.fingerprint) === error.fingerprint
  )
}

function hasField({ field, equals }: MessageFilter, input: unknown): boolean {
  if (field === undefined) return true
  let inner = input
  for (const key of field.split('.')) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, key)) return false
    inner = (inner as Record<string, unknown>)[key]
  }
  try {
    return JSON.stringify(inner) === JSON.stringify(equals)
  } catch {
    // A cycle or a big integer, which no JSON value equals.
    return false
  }
}

/** As the default machine, and whoever follows it, counts them. */
export function attemptsOf({ context }: Message): number {
  const { attempts, attempt = attempts } = context as { attempt?: unknown; attempts?: unknown }
  return typeof attempt === 'number' ? attempt : 0
}
