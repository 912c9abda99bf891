import { encode } from '../codec.ts'
import { nearest, RedriveError, isError } from '../errors.ts'
import type { ChildMessage, JoinOptions, MessageRef } from '../../machines/index.ts'
import type { DurableMachine } from '../engine/registry.ts'
import type { Invocation } from '../engine/invocation.ts'
import { bareName, givenFor } from '../engine/lease-policy.ts'
import type { LiveMessage } from '../engine/snapshot.ts'
import { isStorable } from '../engine/storable.ts'
import type { Stimulus } from '../engine/stimulus.ts'
import type { AnyContext, EventData } from '../message.ts'
import { show, type Duration } from '../options.ts'

/** What a handler gets beside its input. `Context` and `Event` are those of the message's machine. */
export interface HandlerContext<Context = AnyContext, Event = EventData> {
  /** Which attempt this is, from 1: the machine's own count where its context has an `attempt`. */
  readonly attempt: number
  /**
   * Workers that were lost while they ran this, by the machine's own count where its context has `leasesLost`. More than 0: the handler may
   * have done some or all of its work before. Default 0.
   */
  readonly leasesLost: number
  /**
   * Aborts when the attempt is over before the handler is: its `reason` is a RedriveError with the code `E_CANCELLED` (the machine
   * left the state), `E_ATTEMPT_TIMEOUT`, `E_LEASE_LOST` or `E_INTERRUPTED` (the worker stops). Pass it on: `fetch(url, { signal })`.
   */
  readonly signal: AbortSignal
  /** `revision:token` of this attempt. The revision grows with every one: a resource that keeps the highest can refuse late writes. */
  readonly fence: string
  readonly message: {
    readonly id: string
    readonly queue: string
    readonly state: string
    readonly context: Context
  }
  /** Hears of events that the message takes while this handler runs, after their step; within a second from any process. */
  onEvent(listener: (event: Event) => void): void
  /** Reports progress: any value that can be stored. Sent with the next heartbeat, within a second; the last one wins. */
  progress(value: unknown): void
  /** Prolongs the lease before work that blocks the process; it never shortens it. Returns `false` when it was lost already. */
  heartbeat(duration?: Duration): Promise<boolean>
  /**
   * Sends an event to another message, of any queue. It leaves with the commit of this handler's success: a handler that throws, or is
   * aborted, has sent nothing, and an attempt that is run again does not send twice.
   * @throws TypeError | RangeError `E_INVALID_OPTION`, RedriveError `E_UNSERIALIZABLE`, `E_CANCELLED` after the handler has ended
   */
  send(target: MessageRef, event: EventData): void
  /**
   * Starts child messages of this one, likewise with the commit of the success. Its machine hears `allDone` and `anyFailed`, each once,
   * as `failed` says. Errors as those of `send`.
   */
  startChildren(children: readonly ChildMessage[], options: JoinOptions): void
  /** Writes to the worker's log. */
  log(text: string): void
}

// oxlint-disable-next-line typescript/no-explicit-any -- a handler states its own input; the queue's schema has checked it
export type Handler<Input = any, Output = unknown, Context = AnyContext, Event = EventData> = (
  input: Input,
  context: HandlerContext<Context, Event>,
) => Output | Promise<Output>

/** Stands for a handler: the machine implements this actor itself. */
export type OwnActor = 'own'

/** As `work()` is given them. */
export type GivenHandlers = Readonly<Record<string, Handler | OwnActor>>

export type Handlers = Readonly<Record<string, Handler>>

/**
 * Every actor that the machine invokes and does not implement needs a handler, and every handler an actor. A handler for an actor
 * that the machine implements goes before it; `'own'` says that there is none.
 * @throws RedriveError `E_MISSING_HANDLER`, `E_UNKNOWN_HANDLER`
 */
export function checkHandlers(machines: readonly DurableMachine[], handlers: GivenHandlers | Handler): Handlers {
  const { id } = machines.at(-1)!
  const sources = [...new Set(machines.flatMap((machine) => machine.sources))]
  const all = typeof handlers === 'function' ? single(id, sources, handlers) : handlers
  for (const [src, handler] of Object.entries(all)) {
    if (!sources.some((source) => source === src || bareName(source) === src)) {
      const near = nearest(src, sources)
      throw new RedriveError(
        'E_UNKNOWN_HANDLER',
        `${id} invokes no "${src}".${near ? ` Did you mean "${near}"?` : ''} It invokes: ${sources.join(', ') || 'nothing'}.`,
      )
    }
    if (typeof handler !== 'function' && handler !== 'own') {
      throw new RedriveError(
        'E_INVALID_OPTION',
        `the handler "${src}" must be a function, or 'own' where the machine implements the actor; got ${show(handler)}.`,
        {
          path: src,
        },
      )
    }
  }
  const given = Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, Handler] => entry[1] !== 'own'),
  )
  const missing = machines.flatMap((machine) =>
    machine.sources.filter((src) => !givenFor(machine.sources, given, src) && !machine.ownActor(src)),
  )
  if (missing.length === 0) return given
  throw new RedriveError(
    'E_MISSING_HANDLER',
    `${id} invokes ${missing.map((src) => `"${src}"`).join(', ')} and work() was given no handler for it.`,
  )
}

/** The handler of an invoked actor: the one that was given, or what this version of the machine implements itself. */
export function handlerOf(machine: DurableMachine, handlers: Handlers, src: string): Handler {
  const own = machine.ownActor(src)
  return givenFor(machine.sources, handlers, src) ?? ((input: unknown, { signal }) => own!({ id: src, input, signal }))
}

function single(id: string, sources: readonly string[], handler: Handler): Handlers {
  if (sources.length === 1) return { [sources[0]!]: handler }
  throw new RedriveError(
    'E_MISSING_HANDLER',
    `${id} invokes ${sources.length} actors (${sources.join(', ')}): give work() an object with a handler for each.`,
  )
}

/** Runs a handler to its end, whatever it does. The result is what the machine is to hear of. */
export async function runHandler(
  handler: Handler,
  { nonce, input, id }: Invocation,
  context: HandlerContext,
): Promise<Stimulus> {
  try {
    const output: unknown = await handler(input, context)
    if (output !== undefined) encode(output, `result of "${id}"`)
    return { type: 'done', nonce, output }
  } catch (thrown) {
    return { type: 'error', nonce, error: toFault(thrown, id) }
  }
}

/**
 * What the machine hears of as the error: what was thrown, as XState would hand it over, be it a text or plain data that a guard
 * looks into. The work is done, and doing it again would not change what it returned: a result that cannot be stored is not retried.
 */
function toFault(thrown: unknown, id: string): unknown {
  if (thrown instanceof RedriveError && thrown.code === 'E_UNSERIALIZABLE')
    return Object.assign(thrown, { retryable: false })
  if (isError(thrown) || isStorable(() => thrown)) return thrown
  return new RedriveError(
    'E_NON_ERROR_THROWN',
    `the handler "${id}" threw ${show(thrown)}, which is no Error and cannot be stored: throw new Error("…") tells where and why.`,
    {
      thrown: show(thrown),
    },
  )
}

/** How many workers were lost with an invocation; a machine that counts them itself begins a new invocation with each. */
export function leasesLostOf({ snapshot }: LiveMessage, { leasesLost }: Invocation): number {
  const { leasesLost: counted } = snapshot.context as { leasesLost?: unknown }
  return leasesLost ?? (typeof counted === 'number' ? counted : 0)
}

/** The attempt that a message is in. */
export function attemptOf({ snapshot }: LiveMessage): number {
  const { attempt } = snapshot.context as { attempt?: unknown }
  return typeof attempt === 'number' ? attempt : 1
}
