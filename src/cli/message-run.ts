import type { Queue, SendOptions } from '../client/queue.ts'
import { hasCode, RedriveError } from '../errors.ts'
import type { EventData, Message, Transition } from '../message.ts'
import { usage } from './usage.ts'

export interface MessageRunOptions {
  readonly queue: Queue
  readonly input: unknown
  readonly id?: string | undefined
  /** Where the feed is read from: on a server that others use too, only what comes from here on. */
  readonly from: 'start' | 'now'
  /** Events for the message, each sent when it waits for one. */
  readonly events: readonly EventData[]
  readonly signal: AbortSignal
  tell(transition: Transition): void
  /** It waits for an event, and there is none left to send. */
  waits(message: Message): void
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
    const waiting = await restsAt(queue, transition)
    const event = waiting && events.shift()
    if (event) await queue.signal(id, event)
    else if (waiting) options.waits(waiting)
  }
  return undefined
}

const isOver = ({ status, tags }: Transition): boolean =>
  status !== 'active' || tags.includes('settled') || tags.includes('quarantined')

/** The message, if nothing but an event can lead it out of the state that it was just led to. */
async function restsAt(queue: Queue, { id, revision }: Transition): Promise<Message | undefined> {
  const message = await queue.get(id)
  if (!message || message.revision !== revision) return undefined
  const { timers, invocations, inbox } = message
  return timers.length + invocations.length + inbox.length === 0 ? message : undefined
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
