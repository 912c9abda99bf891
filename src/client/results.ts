import { eventNames, type QueueEvents, type QueueRuntime } from '../engine/runtime.ts'
import { errorSummary } from '../engine/storable.ts'
import { hasCode, RedriveError, asError } from '../errors.ts'
import { createEmitter } from '../events/emitter.ts'
import { decodeTransitions } from '../events/transition-text.ts'
import { decode } from '../codec.ts'
import type { Message, Transition } from '../message.ts'
import { DEFAULTS } from '../options.ts'
import { faultOf, readable } from '../unreadable.ts'
import { readFeed } from './feed.ts'

export interface ResultOptions {
  /** How long to wait, in milliseconds. `undefined` waits for ever. */
  readonly timeout?: number
  readonly signal?: AbortSignal
}

type Get = (id: string) => Promise<Message | undefined>

/**
 * The output of a message, once its machine is finished. The result is announced; the message itself is looked at now and once
 * a second, because an announcement can be lost.
 * @throws RedriveError `E_DEAD`, `E_FAILED`, `E_CANCELLED`, `E_NOT_FOUND`, `E_TIMEOUT`
 */
export async function awaitResult(
  queue: QueueRuntime,
  get: Get,
  id: string,
  { timeout, signal }: ResultOptions,
): Promise<unknown> {
  const [announced, settle] = signalOf<Transition>()
  const end = await subscribeTo(queue, (transition) => {
    if (transition.id === id && isSettled(transition)) settle(transition)
  })
  const until = timeout === undefined ? Infinity : performance.now() + timeout
  const ended = signal ? AbortSignal.any([queue.closed, signal]) : queue.closed
  try {
    // One that was removed with its last commit can only be heard of, so it must have been there when the wait began.
    let seen = false
    for (;;) {
      const message = await look(get, id)
      if (message === undefined) throw missing(queue, id, seen)
      seen = true
      if (message !== 'away' && isSettled(message)) return outcome(id, message)
      if (signal?.aborted) throw signal.reason
      if (ended.aborted) throw new RedriveError('E_CLOSED', `the client was closed; "${id}" goes on.`, { id })
      const left = until - performance.now()
      if (left <= 0)
        throw new RedriveError('E_TIMEOUT', `"${id}" did not finish within ${timeout} ms; it goes on.`, { id })
      const heard = await soonest(queue, announced, Math.min(left, DEFAULTS.maxSleep), ended)
      if (heard) return outcome(id, { ...heard, state: heard.to })
    }
  } finally {
    await end()
  }
}

/** The message as it is stored. A Redis that is away for a while is no reason to give up a wait. */
async function look(get: Get, id: string): Promise<Message | undefined | 'away'> {
  try {
    return await get(id)
  } catch (error) {
    if (hasCode(error, 'E_REDIS_UNAVAILABLE')) return 'away'
    throw error
  }
}

function missing({ name }: QueueRuntime, id: string, seen: boolean): RedriveError {
  const what = seen
    ? `"${id}" was removed while its result was waited for.`
    : `there is no message "${id}" in "${name}".`
  return new RedriveError('E_NOT_FOUND', what, { id })
}

const isSettled = ({ status, tags }: { status: string; tags: readonly string[] }): boolean =>
  status !== 'active' || tags.includes('settled')

interface Outcome {
  readonly state: string
  readonly status: string
  readonly tags: readonly string[]
  readonly output?: unknown
  readonly error?: unknown
  readonly context?: Readonly<Record<string, unknown>>
}

function outcome(id: string, { state, status, tags, output, error, context }: Outcome): unknown {
  const cause = error ?? context?.['error']
  if (tags.includes('dead') && status === 'active')
    throw new RedriveError('E_DEAD', `"${id}" is dead${why(cause)}`, { id, cause })
  if (status === 'error')
    throw new RedriveError('E_FAILED', `the machine of "${id}" ended in an error${why(cause)}`, { id, cause })
  if (tags.includes('cancelled')) throw new RedriveError('E_CANCELLED', `"${id}" was cancelled.`, { id })
  if (status === 'active') throw new RedriveError('E_DEAD', `"${id}" rests in ${state} and has no result.`, { id })
  const fault = faultOf(output)
  if (fault)
    throw new RedriveError(
      hasCode(fault, 'E_UNKNOWN_FORM') ? 'E_UNKNOWN_FORM' : 'E_FOREIGN_KEY',
      `the output of "${id}" cannot be read: ${fault.message}`,
      { id, cause: fault },
    )
  return output
}

const why = (cause: unknown): string => (cause === undefined ? '.' : `: ${errorSummary(cause).message}`)

/** A promise, and the function that fulfils it. */
function signalOf<T>(): [Promise<T>, (value: T) => void] {
  let fulfil!: (value: T) => void
  const promise = new Promise<T>((resolve) => {
    fulfil = resolve
  })
  return [promise, fulfil]
}

function soonest(
  queue: QueueRuntime,
  announced: Promise<Transition>,
  ms: number,
  signal: AbortSignal,
): Promise<Transition | undefined> {
  return new Promise((resolve) => {
    // A wait of an hour is made of thousands of these: each takes its listener away.
    const end = (transition?: Transition): void => {
      cancel()
      signal.removeEventListener('abort', abort)
      resolve(transition)
    }
    const abort = (): void => end()
    const cancel = queue.clock.after(ms, () => end())
    signal.addEventListener('abort', abort)
    void announced.then(end)
  })
}

/** Hears of transitions as they are announced; some may be missed. */
export async function subscribeTo(
  queue: QueueRuntime,
  heard: (transition: Transition) => void,
): Promise<() => Promise<void>> {
  await queue.ready()
  const ends = await Promise.all(
    queue.partitions.map((partition) =>
      queue.store.subscribe(partition, {
        feed(entry) {
          for (const transition of decodeTransitions(queue.name, entry.at, entry.text)) heard(transition)
        },
      }),
    ),
  )
  return async () => void (await Promise.all(ends.map((end) => end().catch(() => {}))))
}

/** Adds a listener, and returns what takes it away. */
export type Listen<Events> = <Name extends keyof Events & string>(
  name: Name,
  listener: (detail: Events[Name]) => void,
) => () => void

/**
 * Callbacks on what happens to any message of a queue, in whichever process. They follow the feed, so they miss nothing while
 * this process lives, even across a reconnect.
 */
export function createQueueEvents(queue: QueueRuntime) {
  const emitter = createEmitter<QueueEvents>(queue.log.listenerFailed)
  let following = false

  function follow(): void {
    if (following) return
    following = true
    void run('now')
    void tellProgress()
  }

  async function run(from: string): Promise<void> {
    let position = from
    try {
      for await (const transition of readFeed(queue, { from })) {
        position = transition.position
        for (const name of eventNames(transition)) emitter.emit(name, transition)
      }
    } catch (error) {
      if (queue.closed.aborted) return
      emitter.emit('error', asError(error))
      // After a gap there is nothing to resume from but the present.
      if (hasCode(error, 'E_FEED_GAP')) return run('now')
      queue.clock.after(DEFAULTS.maxSleep, () => void run(position))
    }
  }

  async function tellProgress(): Promise<void> {
    const progress = (id: string, text: string): void =>
      emitter.emit('progress', { queue: queue.name, id, progress: readable(text, decode) })
    try {
      await queue.ready()
      for (const partition of queue.partitions) await queue.store.subscribe(partition, { progress })
    } catch (error) {
      emitter.emit('error', asError(error))
    }
  }

  return {
    on: <Name extends keyof QueueEvents>(name: Name, listener: (detail: QueueEvents[Name]) => void) => {
      follow()
      return emitter.on(name, listener)
    },
  }
}
