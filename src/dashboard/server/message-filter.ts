import type { Message } from '../../message.ts'
import { badRequest } from './failure.ts'
import { errorFacts } from './error-facts.ts'
import { attemptsOf } from './message-row.ts'
import type { Show } from './plain.ts'

/** Which messages of a state are meant; what is not given does not matter. */
export interface MessageFilter {
  readonly errorName?: string
  readonly errorCode?: string
  readonly errorFingerprint?: string
  readonly minAttempts?: number
  /** Milliseconds since the state was entered. */
  readonly minAgeMs?: number
  readonly maxAgeMs?: number
  readonly idPrefix?: string
  /** A path in the payload, such as `to.city`, and the JSON value that is there. */
  readonly field?: string
  readonly equals?: unknown
}

const TEXTS = ['errorName', 'errorCode', 'errorFingerprint', 'idPrefix', 'field'] as const
const NUMBERS = ['minAttempts', 'minAgeMs', 'maxAgeMs'] as const

/** The filter that the query of a URL, or the properties of a body, tell. @throws RedriveError `E_INVALID_REQUEST` */
export function readFilter(given: (name: string) => unknown): MessageFilter {
  const filter: Record<string, unknown> = {}
  for (const name of TEXTS) {
    const value = given(name)
    if (value === undefined || value === null || value === '') continue
    if (typeof value !== 'string') throw badRequest(`${name} must be text.`, 400, { path: name })
    filter[name] = value
  }
  for (const name of NUMBERS) {
    const value = given(name)
    if (value === undefined || value === null || value === '') continue
    const number = Number(value)
    if (!Number.isFinite(number) || number < 0)
      throw badRequest(`${name} must be a number from 0.`, 400, { path: name })
    filter[name] = number
  }
  const equals = given('equals')
  if ((filter['field'] === undefined) !== (equals === undefined || equals === null))
    throw badRequest('field and equals go together: a path in the payload, and the JSON value that it has.', 400, {
      path: 'field',
    })
  if (typeof equals === 'string') filter['equals'] = parseValue(equals)
  else if (equals !== undefined && equals !== null) filter['equals'] = equals
  return filter
}

/** What is no JSON is taken for text: nobody likes to type quotes into a URL. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

export function matches(filter: MessageFilter, message: Message, now: number, show: Show): boolean {
  const {
    errorName,
    errorCode,
    errorFingerprint,
    minAttempts = 0,
    minAgeMs = 0,
    maxAgeMs = Infinity,
    idPrefix = '',
  } = filter
  const age = now - message.enteredAt
  if (!message.id.startsWith(idPrefix) || attemptsOf(message) < minAttempts || age < minAgeMs || age > maxAgeMs)
    return false
  if (errorName !== undefined || errorCode !== undefined || errorFingerprint !== undefined) {
    const error = errorFacts(message, show)
    if (!error) return false
    if (errorName !== undefined && error.name !== errorName) return false
    if (errorCode !== undefined && error.code !== errorCode) return false
    if (errorFingerprint !== undefined && error.fingerprint !== errorFingerprint) return false
  }
  // In what may be seen: or a filter could find out what is hidden.
  if (filter.field === undefined) return true
  return JSON.stringify(at(show(message.input, 'input'), filter.field)) === JSON.stringify(filter.equals)
}

function at(value: unknown, path: string): unknown {
  let inner = value
  for (const key of path.split('.')) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, key)) return undefined
    inner = (inner as Record<string, unknown>)[key]
  }
  return inner
}
