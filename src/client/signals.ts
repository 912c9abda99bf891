import { randomBytes } from 'node:crypto'
import { RELEASE } from '../engine/claimed.ts'
import { EDIT } from '../engine/edit.ts'
import { checkEvent } from '../engine/registry.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import { RedriveError } from '../errors.ts'
import { mailText, waitsIn } from '../events/mail-text.ts'
import { checkId, type EventData } from '../message.ts'
import { DEFAULTS, toMs, toObject, type Duration } from '../options.ts'
import { partitionOf } from '../store/keys.ts'
import type { Delivery } from '../store/store.ts'
import { validate, type Schema } from './input.ts'
import { subscribeTo } from './results.ts'
import { foreignKey } from './queue-full.ts'
import { createSignaller } from './signaller.ts'

export interface SignalOptions {
  /** Makes the signal idempotent: of several with the same id, one is applied. The last thousand ids of a message are remembered. */
  readonly eventId?: string
  /** Waits until the event was taken, at most so long; the answer then says in which state the message is. */
  readonly wait?: Duration
}

export interface SignalResult {
  readonly id: string
  /**
   * `delivered`: it waits in the inbox. `applied`: it was waited for, and its step is done. `duplicate`: this event id came before.
   * `settled`: the machine was finished already, the event has no effect.
   */
  readonly status: 'delivered' | 'applied' | 'duplicate' | 'settled'
  /** The state after the step, when it was waited for; `undefined` for a message that was removed with it. */
  readonly state?: string | undefined
  /** With the option `durability`: how many replicas have the event. */
  readonly confirmed?: number
}

export interface Signals {
  signal(id: string, event: EventData, options?: SignalOptions): Promise<SignalResult>
  /** Lets a message out of quarantine. */
  release(id: string): Promise<SignalResult>
  /** Gives a message another input of its machine; `wait` in milliseconds. */
  edit(id: string, input: unknown, wait: number | undefined): Promise<SignalResult>
}

/** @param closing ends the waiting for a step */
export function createSignals(queue: QueueRuntime, schema: Schema | undefined, closing: AbortSignal): Signals {
  const signaller = createSignaller(queue)

  async function check(
    id: string,
    event: EventData,
    eventId: string | undefined,
    mark: string | undefined,
  ): Promise<Delivery> {
    const checked = await validate(schema, event, 'E_INVALID_EVENT', `the event for "${id}"`)
    return {
      id,
      event: mailText(checked as EventData, mark),
      room: queue.settings.maxInbox,
      ...(eventId === undefined ? {} : { eventId }),
    }
  }

  async function signal(id: string, event: EventData, given: SignalOptions = {}): Promise<SignalResult> {
    const { eventId, wait } = toObject(given, 'the options of a signal')
    checkEvent(queue.machine, event)
    if (eventId !== undefined) checkId(eventId)
    const timeout = wait === undefined ? undefined : toMs(wait, 'wait')
    const mark = eventId ?? (wait === undefined ? undefined : randomBytes(9).toString('base64url'))
    const { status, ...confirmed } = await signaller.deliver(checkId(id), check(id, event, eventId, mark))
    if (status === 'missing') throw notFound(queue, id)
    if (status === 'full') throw inboxFull(queue, id)
    if (status === 'foreign') throw foreignKey(queue.name, id, 'the event was not delivered')
    if (timeout === undefined || mark === undefined || status === 'settled') return { id, status, ...confirmed }
    const state = await taken(queue, id, mark, { timeout, closing })
    return { id, status: status === 'duplicate' ? status : 'applied', state, ...confirmed }
  }

  /** Of Redrive's own, without a bound: it is what gets a full inbox to move again. */
  async function order(id: string, event: EventData, wait?: number): Promise<SignalResult> {
    const mark = wait === undefined ? undefined : randomBytes(9).toString('base64url')
    const { status } = await signaller.deliver(checkId(id), Promise.resolve({ id, event: mailText(event, mark) }))
    if (status === 'missing') throw notFound(queue, id)
    if (status === 'full') throw inboxFull(queue, id)
    if (status === 'foreign') throw foreignKey(queue.name, id, 'the event was not delivered')
    if (wait === undefined || mark === undefined || status === 'settled') return { id, status }
    return { id, status: 'applied', state: await taken(queue, id, mark, { timeout: wait, closing }) }
  }

  return {
    signal,
    release: (id) => order(id, { type: RELEASE }),
    edit: (id, input, wait) => order(id, { type: EDIT, input }, wait),
  }
}

const notFound = ({ name }: QueueRuntime, id: string): RedriveError =>
  new RedriveError('E_NOT_FOUND', `there is no message "${id}" in "${name}".`, { id })

const inboxFull = ({ name, settings: { maxInbox } }: QueueRuntime, id: string): RedriveError =>
  new RedriveError(
    'E_INBOX_FULL',
    `"${id}" in "${name}" has ${maxInbox} events waiting, the most that its queue allows (maxInbox); the event was not delivered. Send it again when a worker has taken some.`,
    { id, held: maxInbox, limit: maxInbox },
  )

/** Waits until an event is out of the inbox: it is taken out by the very commit of its step. */
async function taken(
  queue: QueueRuntime,
  id: string,
  mark: string,
  { timeout, closing }: { readonly timeout: number; readonly closing: AbortSignal },
): Promise<string | undefined> {
  const partition = partitionOf(queue.name, id, queue.partitions.length)
  const until = performance.now() + timeout
  let hear = (): void => {}
  const end = await subscribeTo(queue, (transition) => {
    if (transition.id === id) hear()
  })
  const leave = (): void => hear()
  closing.addEventListener('abort', leave)
  try {
    for (;;) {
      const heard = new Promise<void>((resolve) => {
        hear = resolve
      })
      const inbox = await queue.store.inbox(partition, id)
      if (!waitsIn(inbox, mark)) break
      if (closing.aborted)
        throw new RedriveError(
          'E_CLOSED',
          `the event was delivered to "${id}" and waits there; the client was closed.`,
          {
            id,
          },
        )
      const left = until - performance.now()
      if (left <= 0) {
        throw new RedriveError(
          'E_TIMEOUT',
          `the event was delivered to "${id}", and not taken within ${timeout} ms; it still waits.`,
          { id },
        )
      }
      const cancel = queue.clock.after(Math.min(left, DEFAULTS.maxSleep), () => hear())
      await heard
      cancel()
    }
    const [found] = await queue.store.read(partition, [id])
    return found?.message.state
  } finally {
    closing.removeEventListener('abort', leave)
    await end()
  }
}
