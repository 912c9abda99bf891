import { nameOf, toErrorData } from '../../machines/error-data.ts'
import { ownFields } from '../../machines/error-fields.ts'
import { messageOf, read } from '../../machines/error-message.ts'
import { decode, encode } from '../codec.ts'
import { isError } from '../errors.ts'
import type { ErrorSummary, EventData } from '../message.ts'

// What a machine heard of is not of its making: an error of some HTTP client has its sockets and callbacks with it. What such a thing
// says is stored, and what cannot be is left out, because a message must not be put aside for it.

/** An event as text; of one that cannot be stored, all that can be, and what its error says. */
export function encodeEvent(event: EventData, path: string): string {
  try {
    return encode(event, path)
  } catch {
    return encode(storablePart(event), path)
  }
}

function storablePart(event: EventData): EventData {
  const kept: { type: string; [key: string]: unknown } = { type: event.type }
  for (const key of Object.keys(event)) {
    // Read within the test, because to read it may be what fails.
    if (isStorable(() => event[key])) kept[key] = event[key]
    else if (key === 'error') kept[key] = decode(encodeError(event[key]))
  }
  return kept
}

/** Whether what is read can be stored and read back. */
export function isStorable(read: () => unknown): boolean {
  try {
    encode(read(), 'value')
    return true
  } catch {
    return false
  }
}

/** An error as text; one that cannot be stored keeps its name, message, stack and code. */
export function encodeError(error: unknown): string {
  try {
    return encode(error, 'error')
  } catch {
    return encode(bare(error), 'error')
  }
}

function bare(error: unknown): unknown {
  if (!isError(error)) return new Error('what was thrown is no error, and cannot be stored')
  const { name, message, stack, code } = error as {
    readonly [property in 'name' | 'message' | 'stack' | 'code']?: unknown
  }
  const copy = new Error(String(message))
  Object.defineProperty(copy, 'name', { value: String(name) })
  Object.defineProperty(copy, 'stack', { value: String(stack) })
  return typeof code === 'string' || typeof code === 'number' ? Object.assign(copy, { code }) : copy
}

/** An error in short, as journals, the feed and parents tell of it; of what is no error, all that it says. */
export function errorSummary(error: unknown): ErrorSummary {
  if (!isError(error)) {
    const { name, message, code } = toErrorData(error)
    return { name, message, ...(typeof code === 'string' ? { code } : {}) }
  }
  const code = read(error, 'code')
  const hints = ['retryAfter', 'snooze', 'retryable'].map((key) => [key, read(error, key)] as const)
  return {
    ...ownFields(error),
    ...Object.fromEntries(hints.filter(([, hint]) => typeof hint === 'boolean' || Number.isFinite(hint))),
    ...(typeof code === 'string' ? { code: code.slice(0, 100) } : {}),
    ...(Number.isFinite(code) ? { code: code as number } : {}),
    name: nameOf(error),
    message: messageOf(error).slice(0, 1000),
  }
}
