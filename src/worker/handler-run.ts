import { encode } from '../codec.ts'
import type { Invocation } from '../engine/invocation.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import type { Stimulus } from '../engine/stimulus.ts'
import type { EventData } from '../message.ts'
import { toMs } from '../options.ts'
import { scrubError } from '../redaction.ts'
import type { Partition } from '../store/store.ts'
import { runHandler, type Handler, type HandlerContext } from './handlers.ts'
import { createTalk, type Talk } from './talk.ts'

/** The message that a handler is run for, as it is meanwhile. */
export interface RunMessage {
  readonly id: string
  readonly partition: Partition
  readonly state: string
  readonly context: Readonly<Record<string, unknown>>
  readonly input: unknown
  /** `revision:token` of this attempt. */
  readonly fence: string
}

/** Who works on the message of a handler. */
export interface RunOwner {
  /** Hears how the handler ended. */
  ended(run: HandlerRun, stimulus: Stimulus): void
  /** Hears that the handler has prolonged the lease, until this reading of the clock. */
  prolonged(run: HandlerRun, until: number): void
}

/** A handler that runs. It outlives a change of those who work on its message. */
export class HandlerRun {
  readonly queue: QueueRuntime
  readonly message: RunMessage
  readonly invocation: Invocation
  owner: RunOwner
  /** Resolves when it has ended. */
  readonly settled: Promise<void>
  /** The last progress that was reported and not sent yet. */
  progress: string | undefined = undefined
  listeners: Set<(event: EventData) => void> | undefined = undefined
  #controller: AbortController | undefined = undefined
  #talk: Talk | undefined = undefined

  constructor(
    queue: QueueRuntime,
    message: RunMessage,
    invocation: Invocation,
    handler: Handler,
    counts: Pick<HandlerContext, 'attempt' | 'leasesLost'>,
    owner: RunOwner,
  ) {
    this.queue = queue
    this.message = message
    this.invocation = invocation
    this.owner = owner
    this.settled = this.#run(handler, counts)
  }

  /** Made when it is asked for: most handlers look at no signal. */
  get controller(): AbortController {
    return (this.#controller ??= new AbortController())
  }

  /** Likewise: most handlers talk to no other message. */
  get talk(): Talk {
    return (this.#talk ??= createTalk())
  }

  tell(event: EventData): void {
    for (const listener of this.listeners ?? []) {
      // A handler's own listener that throws is its affair, and no reason to stop anything else.
      try {
        listener(event)
      } catch (error) {
        this.queue.log.listenerFailed('onEvent', error)
      }
    }
  }

  async #run(handler: Handler, counts: Pick<HandlerContext, 'attempt' | 'leasesLost'>): Promise<void> {
    const ending = hidden(this, await runHandler(handler, this.invocation, new RunContext(this, counts)))
    const outgoing = this.#talk?.end()
    this.owner.ended(this, outgoing && ending.type === 'done' ? { ...ending, outgoing } : ending)
  }
}

/** What the handler gets. Its functions may be taken out of it, and are made when they are. */
class RunContext implements HandlerContext {
  readonly attempt: number
  readonly leasesLost: number
  readonly #run: HandlerRun

  constructor(run: HandlerRun, { attempt, leasesLost }: Pick<HandlerContext, 'attempt' | 'leasesLost'>) {
    this.#run = run
    this.attempt = attempt
    this.leasesLost = leasesLost
  }

  get signal(): AbortSignal {
    return this.#run.controller.signal
  }

  get fence(): string {
    return this.#run.message.fence
  }

  get message(): HandlerContext['message'] {
    const { message, queue } = this.#run
    return { id: message.id, queue: queue.name, state: message.state, context: message.context }
  }

  get onEvent(): HandlerContext['onEvent'] {
    const run = this.#run
    return (listener) => void (run.listeners ??= new Set()).add(listener)
  }

  get progress(): HandlerContext['progress'] {
    const run = this.#run
    return (value) => {
      run.progress = encode(value, 'progress')
    }
  }

  get heartbeat(): HandlerContext['heartbeat'] {
    const run = this.#run
    const { queue, message } = run
    return async (duration = queue.settings.lease) => {
      // A short one is no reason to end the lease before the worker's own next heartbeat.
      const ms = Math.max(toMs(duration, 'heartbeat', { min: 1 }), queue.settings.lease)
      const token = message.fence.slice(message.fence.indexOf(':') + 1)
      const extended = await queue.locks.adopt(message.partition, message.id, token).extend(ms)
      if (extended) run.owner.prolonged(run, queue.clock.now() + ms)
      return extended
    }
  }

  get send(): HandlerContext['send'] {
    const run = this.#run
    return (target, event) => run.talk.send(target, event)
  }

  get startChildren(): HandlerContext['startChildren'] {
    const run = this.#run
    return (children, options) => run.talk.startChildren(children, options)
  }

  get log(): HandlerContext['log'] {
    const { queue, message } = this.#run
    const { redaction } = queue.settings
    return (text) => queue.log.fromHandler(message.id, redaction ? redaction.scrub(text, message.context) : text)
  }
}

/** What a handler throws may quote what it was given. */
function hidden({ queue, message, invocation }: HandlerRun, stimulus: Stimulus): Stimulus {
  const { redaction } = queue.settings
  if (!redaction || stimulus.type !== 'error') return stimulus
  return {
    ...stimulus,
    error: scrubError(stimulus.error, redaction, [message.input, message.context, invocation.input]),
  }
}
