import type { EventData } from '../message.ts'
import { usage } from './usage.ts'

/**
 * An event as the command line gives it: its type or all of it as a JSON object, and what else it carries.
 * @throws RedriveError `E_USAGE`
 */
export function parseEvent(text: string, data?: string): EventData {
  const event = text.trimStart().startsWith('{') ? parseObject(text, 'the event') : { type: text }
  const more = data === undefined ? {} : parseObject(data, '--data')
  if ('type' in more) throw usage('--data says what the event carries beside its type: leave "type" out of it.')
  if (typeof event['type'] !== 'string' || event['type'] === '')
    throw usage(`the event needs a type, as in '{"type":"APPROVE"}'.`)
  return { ...event, ...more, type: event['type'] }
}

function parseObject(text: string, what: string): Readonly<Record<string, unknown>> {
  const example = `as in '{"by":"ada"}'`
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw usage(`${what} is not JSON: ${(error as SyntaxError).message}. Quote it for the shell, ${example}.`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw usage(`${what} must be a JSON object, ${example}.`)
}
