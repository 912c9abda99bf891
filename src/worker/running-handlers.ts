import { encode } from '../codec.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import type { Invocation } from '../engine/invocation.ts'
import type { LiveMessage } from '../engine/snapshot.ts'
import type { Stimulus } from '../engine/stimulus.ts'
import { RedriveError, type ErrorCode } from '../errors.ts'
import type { EventData } from '../message.ts'
import { toMs } from '../options.ts'
import { scrubError } from '../redaction.ts'
import type { Partition } from '../store/store.ts'
import { createTalk, type Talk } from './talk.ts'
import { attemptOf, handlerOf, leasesLostOf, runHandler, type HandlerContext, type Handlers } from './handlers.ts'

/** The handlers that run for one message. */
export interface RunningHandlers {
  start(invocation: Invocation, message: LiveMessage): void
  /** Tells the handler of an invocation that its attempt is over, and forgets it: nobody waits for it any more. */
  abort(invocation: Invocation, by: Stimulus): void
  abortAll(code: ErrorCode, why: string): void
  /** Tells all of them to end, and waits until they have, at most so long. */
  interrupt(ms: number): Promise<void>
  /** Lets those that asked hear of an event. */
  tell(event: EventData): void
  /** The last progress that was reported and not sent yet. */
  readonly progress: string | undefined
  /** This progress was sent. */
  sent(progress: string | undefined): void
}

export interface RunningHandlersOptions {
  readonly queue: QueueRuntime
  readonly partition: Partition
  readonly handlers: Handlers
  /** Hears of the end of each handler that was not aborted. */
  ended(stimulus: Stimulus): void
  /** Hears that a handler has prolonged the lease, until this reading of the clock. */
  prolonged(until: number): void
}

export function createRunningHandlers(options: RunningHandlersOptions): RunningHandlers {
  const { queue, partition, handlers, ended, prolonged } = options
  const { redaction } = queue.settings
  const running = new Map<string, { id: string; controller: AbortController; settled: Promise<void> }>()
  const listeners = new Set<(event: EventData) => void>()
  let progress: string | undefined

  function contextOf(
    { id, state, snapshot, revision, token }: LiveMessage,
    counts: Pick<HandlerContext, 'attempt' | 'leasesLost'>,
    signal: AbortSignal,
    { send, startChildren }: Talk,
  ): HandlerContext {
    return {
      signal,
      ...counts,
      fence: `${revision}:${token}`,
      message: { id, queue: queue.name, state, context: snapshot.context as Record<string, unknown> },
      progress(value) {
        progress = encode(value, 'progress')
      },
      async heartbeat(duration = queue.settings.lease) {
        // A short one is no reason to end the lease before the worker's own next heartbeat.
        const ms = Math.max(toMs(duration, 'heartbeat', { min: 1 }), queue.settings.lease)
        const extended = await queue.locks.adopt(partition, id, token).extend(ms)
        if (extended) prolonged(queue.clock.now() + ms)
        return extended
      },
      send,
      startChildren,
      onEvent: (listener) => void listeners.add(listener),
      log: (text) => queue.log.fromHandler(id, redaction ? redaction.scrub(text, snapshot.context) : text),
    }
  }

  /** What a handler throws may quote what it was given. */
  const hideIn = (stimulus: Stimulus, whole: unknown): Stimulus =>
    redaction && stimulus.type === 'error'
      ? { ...stimulus, error: scrubError(stimulus.error, redaction, whole) }
      : stimulus

  return {
    start(invocation, message) {
      const controller = new AbortController()
      const handler = handlerOf(message.machine, handlers, invocation.src)
      const talk = createTalk()
      const counts = { attempt: attemptOf(message), leasesLost: leasesLostOf(message, invocation) }
      const context = contextOf(message, counts, controller.signal, talk)
      const whole = [message.input, message.snapshot.context, invocation.input]
      const settled = runHandler(handler, invocation, context).then((ending) => {
        const stimulus = hideIn(ending, whole)
        const outgoing = talk.end()
        if (running.delete(invocation.nonce)) ended(stimulus.type === 'done' ? { ...stimulus, outgoing } : stimulus)
      })
      running.set(invocation.nonce, { id: message.id, controller, settled })
    },
    abort({ nonce, id }, by) {
      const [code, why] = ENDED_BY[by.type === 'timer' ? 'timer' : 'other']
      const handler = running.get(nonce)
      running.delete(nonce)
      handler?.controller.abort(new RedriveError(code, `"${id}" of ${handler.id}: ${why}.`))
    },
    abortAll(code, why) {
      const all = [...running.values()]
      running.clear()
      for (const { id, controller } of all) controller.abort(new RedriveError(code, `${id}: ${why}.`))
    },
    async interrupt(ms) {
      const all = [...running.values()]
      const why = 'the worker is stopping; the attempt does not count'
      for (const { id, controller } of all) controller.abort(new RedriveError('E_INTERRUPTED', `${id}: ${why}.`))
      let cancel = (): void => {}
      const grace = new Promise<void>((resolve) => {
        cancel = queue.clock.after(ms, resolve)
      })
      await Promise.race([Promise.all(all.map(({ settled }) => settled)), grace])
      cancel()
    },
    tell(event) {
      for (const listener of listeners) {
        // A handler's own listener that throws is its affair, and no reason to stop anything else.
        try {
          listener(event)
        } catch (error) {
          queue.log.listenerFailed('onEvent', error)
        }
      }
    },
    get progress() {
      return progress
    },
    sent(reported) {
      if (progress === reported) progress = undefined
    },
  }
}

const ENDED_BY = {
  timer: ['E_ATTEMPT_TIMEOUT', 'the attempt ran longer than its time limit'],
  other: ['E_CANCELLED', 'the machine left the state that had invoked it'],
} as const
