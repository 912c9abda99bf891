import { randomBytes } from 'node:crypto'
import { RELEASE } from '../engine/claimed.ts'
import { EDIT } from '../engine/edit.ts'
import { readFailure, REDRIVE } from '../engine/failure.ts'
import { FIELD } from '../engine/snapshot.ts'
import { checkEvent } from '../engine/registry.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import { hasCode, RedriveError } from '../errors.ts'
import { mailText, waitsIn } from '../events/mail-text.ts'
import { checkId, type EventData } from '../message.ts'
import { toMs, toObject, type Duration } from '../options.ts'
import { partitionOf } from '../store/keys.ts'
import { FAILED, type Delivery, type StoredMessage } from '../store/store.ts'
import { refuseInQuarantine } from './in-quarantine.ts'
import { validate, type Schema } from './input.ts'
import { awaitTaken, type TakenParts } from './taken.ts'
import { foreignKey } from './queue-full.ts'
import { createSignaller } from './signaller.ts'
import { refuseEvent } from './readiness.ts'

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
  /**
   * Sends a message on its way again: one whose machine ended in an error is brought back to where it failed, any other is sent REDRIVE.
   * One that is finished is `settled`.
   */
  redrive(id: string, options?: SignalOptions): Promise<SignalResult>
  /** Lets a message out of quarantine. */
  release(id: string): Promise<SignalResult>
  /** Gives a message another input of its machine; `wait` in milliseconds. */
  edit(id: string, input: unknown, wait: number | undefined): Promise<SignalResult>
}

/** @param parts.closing ends the waiting for a step */
export function createSignals(parts: TakenParts, schema: Schema | undefined): Signals {
  const { queue } = parts
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

  /** An event that this machine does not take may be one of the machine that the queue has. */
  async function checkTaken(event: EventData): Promise<void> {
    try {
      checkEvent(queue.machine, event)
    } catch (error) {
      if (!hasCode(error, 'E_UNKNOWN_EVENT')) throw error
      const refs = queue.versions.machines.map(({ ref }) => ref)
      const known = await queue.store.arrive(queue.name, []).catch(() => new Map<string, number>())
      throw refuseEvent(queue.name, refs, known) ?? error
    }
  }

  async function signal(id: string, event: EventData, given: SignalOptions = {}): Promise<SignalResult> {
    const { eventId, wait } = toObject(given, 'the options of a signal')
    await checkTaken(event)
    if (eventId !== undefined) checkId(eventId)
    const timeout = wait === undefined ? undefined : toMs(wait, 'wait')
    const mark = eventId ?? (wait === undefined ? undefined : randomBytes(9).toString('base64url'))
    const { status, ...confirmed } = await signaller.deliver(checkId(id), check(id, event, eventId, mark))
    if (status === 'missing') throw notFound(queue, id)
    if (status === 'full') throw inboxFull(queue, id)
    if (status === 'foreign') throw foreignKey(queue.name, id, 'the event was not delivered')
    if (timeout === undefined || mark === undefined || status === 'settled') return { id, status, ...confirmed }
    const inVain = (): Promise<void> => refuseInQuarantine(queue, id)
    const state = await awaitTaken(parts, { id, isTaken: waitsNot(id, mark), timeout, inVain })
    return { id, status: status === 'duplicate' ? status : 'applied', state, ...confirmed }
  }

  /** Of Redrive's own, without a bound: it is what gets a full inbox to move again. */
  async function order(id: string, event: EventData, { wait, eventId }: Order = {}): Promise<SignalResult> {
    const mark = eventId ?? (wait === undefined ? undefined : randomBytes(9).toString('base64url'))
    const once = eventId === undefined ? {} : { eventId }
    const delivery = { id, event: mailText(event, mark), revives: event.type !== EDIT, ...once }
    const { status } = await signaller.deliver(checkId(id), Promise.resolve(delivery))
    if (status === 'missing') throw notFound(queue, id)
    if (status === 'full') throw inboxFull(queue, id)
    if (status === 'foreign') throw foreignKey(queue.name, id, 'the event was not delivered')
    if (wait === undefined || mark === undefined || status === 'settled') return { id, status }
    const isTaken = event.type === REDRIVE ? () => isUndone(id, event) : waitsNot(id, mark)
    const state = await awaitTaken(parts, { id, isTaken, timeout: wait })
    return { id, status: status === 'duplicate' ? status : 'applied', state }
  }

  const read = async (id: string): Promise<StoredMessage | undefined> =>
    (await queue.store.read(partitionOf(queue.name, id, queue.partitions.length), [id]))[0]?.message

  const waitsNot = (id: string, mark: string) => async (): Promise<boolean> =>
    !waitsIn(await queue.store.inbox(partitionOf(queue.name, id, queue.partitions.length), id), mark)

  /** One that fails again at once has been redriven too. */
  async function isUndone(id: string, { failure }: EventData): Promise<boolean> {
    const stored = await read(id)
    return stored === undefined || readFailure(stored.fields)?.id !== failure
  }

  async function redrive(id: string, given: SignalOptions = {}): Promise<SignalResult> {
    const { eventId, wait } = toObject(given, 'the options of a signal')
    if (eventId !== undefined) checkId(eventId)
    const ms = wait === undefined ? undefined : toMs(wait, 'wait')
    await queue.ready()
    const stored = await read(checkId(id))
    if (!stored) throw notFound(queue, id)
    const failure = stored.state === FAILED ? readFailure(stored.fields) : undefined
    if (failure) return order(id, { type: REDRIVE, failure: failure.id }, { wait: ms, eventId })
    if (stored.fields[FIELD.status] !== undefined) return { id, status: 'settled' }
    return signal(id, { type: 'REDRIVE' }, given)
  }

  return {
    signal,
    redrive,
    release: (id) => order(id, { type: RELEASE }),
    edit: (id, input, wait) => order(id, { type: EDIT, input }, { wait }),
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

interface Order {
  /** Milliseconds. */
  readonly wait?: number | undefined
  readonly eventId?: string | undefined
}
