import type { MessageFilter } from '../../client/steering/message-filter.ts'
import { badRequest } from './failure.ts'

const TEXTS = ['errorName', 'errorCode', 'errorFingerprint', 'idPrefix', 'field'] as const
const NUMBERS = ['minAttempts', 'maxAttempts', 'minAgeMs', 'maxAgeMs'] as const

/**
 * The filter that the query of a URL, or the properties of a body, tell beside the state. Numbers may be text, and what is empty is not
 * given: so a form can send what was typed. @throws RedriveError `E_INVALID_REQUEST`
 */
export function readFilter(given: (name: string) => unknown): Omit<MessageFilter, 'state'> {
  const value = (name: string): unknown => {
    const found = given(name)
    return found === null || found === '' ? undefined : found
  }
  const read = (names: readonly string[], as: (name: string, value: unknown) => unknown): [string, unknown][] =>
    names.flatMap((name) => (value(name) === undefined ? [] : [[name, as(name, value(name))] as [string, unknown]]))
  return Object.fromEntries([
    ...read(TEXTS, textOf),
    ...read(NUMBERS, numberOf),
    ...read(['equals'], (_name, equals) => (typeof equals === 'string' ? parsed(equals) : equals)),
  ])
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw badRequest(`${name} must be text.`, 400, { path: name })
}

function numberOf(name: string, value: unknown): number {
  const number = Number(value)
  if (Number.isFinite(number) && number >= 0) return number
  throw badRequest(`${name} must be a number from 0.`, 400, { path: name })
}

/** What is no JSON is taken for text: nobody likes to type quotes into a URL. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
