import type { Invocation } from '../engine/invocation.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import type { LiveMessage } from '../engine/snapshot.ts'
import type { Stimulus } from '../engine/stimulus.ts'
import { RedriveError, type ErrorCode } from '../errors.ts'
import type { EventData } from '../message.ts'
import type { Partition } from '../store/store.ts'
import { HandlerRun, type RunOwner } from './handler-run.ts'
import { attemptOf, handlerOf, leasesLostOf, type Handlers } from './handlers.ts'

/** The handlers that run for one message. */
export interface RunningHandlers {
  start(invocation: Invocation, message: LiveMessage): void
  /** Takes over one that runs already. */
  adopt(run: HandlerRun): void
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
  /** By the nonce of their invocations. */
  const running = new Map<string, HandlerRun>()
  /** What a handler reported that has ended since. */
  let left: string | undefined

  const owner: RunOwner = {
    ended({ invocation, progress }, stimulus) {
      left = progress ?? left
      if (running.delete(invocation.nonce)) ended(stimulus)
    },
    prolonged: (_, until) => prolonged(until),
  }

  return {
    start(invocation, message) {
      const { id, state, snapshot, input, revision, token } = message
      const context = snapshot.context as Record<string, unknown>
      const handler = handlerOf(message.machine, handlers, invocation.src)
      const counts = { attempt: attemptOf(message), leasesLost: leasesLostOf(message, invocation) }
      const given = { id, partition, state, context, input, fence: `${revision}:${token}` }
      running.set(invocation.nonce, new HandlerRun(queue, given, invocation, handler, counts, owner))
    },
    adopt(run) {
      run.owner = owner
      running.set(run.invocation.nonce, run)
    },
    abort({ nonce, id }, by) {
      const [code, why] = ENDED_BY[by.type === 'timer' ? 'timer' : 'other']
      const run = running.get(nonce)
      running.delete(nonce)
      run?.controller.abort(new RedriveError(code, `"${id}" of ${run.message.id}: ${why}.`))
    },
    abortAll(code, why) {
      const runs = [...running.values()]
      running.clear()
      for (const { message, controller } of runs) controller.abort(new RedriveError(code, `${message.id}: ${why}.`))
    },
    async interrupt(ms) {
      const runs = [...running.values()]
      const why = 'the worker is stopping; the attempt does not count'
      for (const { message, controller } of runs)
        controller.abort(new RedriveError('E_INTERRUPTED', `${message.id}: ${why}.`))
      let cancel = (): void => {}
      const grace = new Promise<void>((resolve) => {
        cancel = queue.clock.after(ms, resolve)
      })
      await Promise.race([Promise.all(runs.map(({ settled }) => settled)), grace])
      cancel()
    },
    tell(event) {
      for (const run of running.values()) run.tell(event)
    },
    get progress() {
      return [...running.values()].findLast(({ progress }) => progress !== undefined)?.progress ?? left
    },
    sent(reported) {
      if (left === reported) left = undefined
      for (const run of running.values()) if (run.progress === reported) run.progress = undefined
    },
  }
}

const ENDED_BY = {
  timer: ['E_ATTEMPT_TIMEOUT', 'the attempt ran longer than its time limit'],
  other: ['E_CANCELLED', 'the machine left the state that had invoked it'],
} as const
