import type { Queue, SendOptions } from '../client/queue.ts'
import { stateValue } from '../engine/state-name.ts'
import { hasCode, RedriveError } from '../errors.ts'
import type { EventData, Message, Transition } from '../message.ts'
import { usage } from './usage.ts'

export interface MessageRunOptions {
  readonly queue: Queue
  readonly input: unknown
  readonly id?: string | undefined
  /** Where the feed is read from: on a server that others use too, only what comes from here on. */
  readonly from: 'start' | 'now'
  /** Events for the message, each sent as soon as its state takes it. */
  readonly events: readonly EventData[]
  readonly signal: AbortSignal
  tell(transition: Transition): void
  /** It waits, and `next` is not for this state; without it, there is none left to send. */
  waits(message: Message, next: EventData | undefined): void
}

/** How a message ended, or `undefined` when the signal ended the wait. */
export interface RunEnd {
  readonly id: string
  readonly state: string
  readonly output: unknown
}

/**
 * Sends one message and follows it to its end.
 * @throws RedriveError `E_DEAD`, `E_FAILED`, `E_CANCELLED` as `queue.result()` does; `E_STEP_FAILED` when it was put aside.
 */
export async function runMessage(options: MessageRunOptions): Promise<RunEnd | undefined> {
  const { queue, input, id: given, from, signal, tell } = options
  const feed = queue.feed({ from, signal })
  let next = feed.next()
  // The feed has asked for its place by the time this is answered.
  await queue.stats()
  const sending: SendOptions = given === undefined ? {} : { id: given }
  const { id, status } = await queue.send(input, sending)
  if (status === 'duplicate') throw usage(`there is a message "${id}" already: take another --id.`)
  const events = [...options.events]
  for (let result = await next; !result.done; result = await next) {
    next = feed.next()
    const transition = result.value
    if (transition.id !== id) continue
    tell(transition)
    if (isOver(transition)) return endOf(queue, transition)
    const message = await reached(queue, transition)
    if (!message) continue
    const [event] = events
    if (event && (takes(queue, message, event) || waitsForEvent(message))) await queue.signal(id, events.shift()!)
    else if (message.invocations.length + message.inbox.length === 0) options.waits(message, event)
  }
  return undefined
}

const isOver = ({ status, tags }: Transition): boolean =>
  status !== 'active' || tags.includes('settled') || tags.includes('quarantined')

/** The message, if it is still where it was just led to. */
async function reached(queue: Queue, { id, revision }: Transition): Promise<Message | undefined> {
  const message = await queue.get(id)
  return message?.revision === revision ? message : undefined
}

/** Nothing else leads it on. An event that it does not take is sent too: the refusal says why. */
const waitsForEvent = ({ timers, invocations, inbox }: Message): boolean =>
  timers.length + invocations.length + inbox.length === 0

/** Whether the event leads on from where the message is, whatever else it waits for. */
function takes({ machine }: Queue, { state, context }: Message, event: EventData): boolean {
  try {
    return machine.resolveState({ value: stateValue(state), context }).can(event)
  } catch {
    return false
  }
}

async function endOf(queue: Queue, { id, to, status, tags, output, error }: Transition): Promise<RunEnd> {
  if (tags.includes('quarantined')) {
    const text = `"${id}" was put aside: ${error?.message ?? 'its machine threw'}`
    throw new RedriveError('E_STEP_FAILED', text, { id })
  }
  try {
    return { id, state: to, output: await queue.result(id, { timeout: 0 }) }
  } catch (cause) {
    // It left nothing behind, as its queue's retention says.
    if (status === 'done' && hasCode(cause, 'E_NOT_FOUND')) return { id, state: to, output }
    throw cause
  }
}
