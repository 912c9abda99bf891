import { toErrorData } from '../../machines/error-data.ts'
import { decode, encode } from '../codec.ts'
import { isError } from '../errors.ts'
import type { ErrorSummary, EventData } from '../message.ts'

// What a machine heard of is not of its making: an error of some HTTP client has its sockets and callbacks with it. What such a thing
// says is stored, and what cannot be is left out, because a message must not be put aside for it.

/** An event as text; one that cannot be stored keeps its type, and what its error says. */
export function encodeEvent(event: EventData, path: string): string {
  try {
    return encode(event, path)
  } catch {
    const { type, error } = event
    return error === undefined ? encode({ type }, path) : encode({ type, error: decode(encodeError(error)) }, path)
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
  const { name = 'Error', message = '', code } = error as unknown as { readonly [property: string]: unknown }
  return { name: String(name), message: String(message).slice(0, 1000), ...(typeof code === 'string' ? { code } : {}) }
}
