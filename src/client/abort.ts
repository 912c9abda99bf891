import { RedriveError } from '../errors.ts'
import { show } from '../options.ts'

const listeners = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Calls back once when a signal aborts, at once where it has; returns how to end that. One listener for all who ask: Node takes more than ten
 * of them for a leak, and a signal that a program shares has one for each of its calls.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) {
    callback()
    return () => {}
  }
  const known = listeners.get(signal) ?? listen(signal)
  // Of its own: the same function may be given twice.
  const call = (): void => callback()
  known.add(call)
  return () => {
    known.delete(call)
    if (known.size === 0) release(signal)
  }
}

const handlers = new WeakMap<AbortSignal, () => void>()

function listen(signal: AbortSignal): Set<() => void> {
  const callbacks = new Set<() => void>()
  const handler = (): void => {
    listeners.delete(signal)
    for (const callback of callbacks) callback()
  }
  listeners.set(signal, callbacks)
  handlers.set(signal, handler)
  signal.addEventListener('abort', handler, { once: true })
  return callbacks
}

function release(signal: AbortSignal): void {
  const handler = handlers.get(signal)
  if (handler) signal.removeEventListener('abort', handler)
  listeners.delete(signal)
}

/** The outcome of a call, or `undefined` when the signal aborts first; the call itself goes on, and nobody hears of it. */
export function orAborted<T>(call: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const end = onAbort(signal, () => resolve(undefined))
    call.then(resolve, reject).finally(end)
  })
}

/** Begins a call unless the signal has aborted, and rejects with its reason when it aborts first. */
export function unlessAborted<T>(given: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
  if (!given) return call()
  return new Promise((resolve, reject) => {
    const signal = checkSignal(given)
    const fail = (): void => reject(signal.reason as Error)
    if (signal.aborted) return fail()
    const end = onAbort(signal, fail)
    call().then(resolve, reject).finally(end)
  })
}

/** @throws RedriveError `E_INVALID_OPTION` for what is no AbortSignal. */
export function checkSignal(signal: AbortSignal): AbortSignal {
  const given: unknown = signal
  if (typeof given === 'object' && given !== null && 'aborted' in given && 'addEventListener' in given) return signal
  throw new RedriveError('E_INVALID_OPTION', `signal must be an AbortSignal; got ${show(given)}.`, { path: 'signal' })
}
