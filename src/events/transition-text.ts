import { decode, encode } from '../codec.ts'
import { orElse, readable, unreadable } from '../unreadable.ts'
import type { ErrorSummary, EventData, Status, Transition } from '../message.ts'

/** What a step knows of its transition; the queue, the time and the position come with the entry of the feed. */
export type TransitionDraft = Omit<Transition, 'queue' | 'at' | 'output'> & {
  /** The output as the codec wrote it. */
  readonly output?: string
}

type Extras = { t?: readonly string[]; s?: Status; e?: ErrorSummary; o?: string; m?: string }
type Tuple = [
  id: string,
  revision: number,
  event: string,
  from: string | null,
  to: string,
  worker: string,
  extras?: Extras,
]

/** A transition in the feed: a JSON tuple, because the scripts pass it on as it is and every queue holds thousands of them. */
export function encodeTransition(draft: TransitionDraft): string {
  const { id, revision, event, from, to, worker, tags, status, error, output, emitted } = draft
  const extras: Extras = {}
  if (tags.length > 0) extras.t = tags
  if (status !== 'active') extras.s = status
  if (error) extras.e = error
  if (output !== undefined) extras.o = output
  if (emitted?.length) extras.m = encode(emitted, 'emitted events')
  const tuple: Tuple = [id, revision, event, from, to, worker]
  if (Object.keys(extras).length > 0) tuple.push(extras)
  return JSON.stringify(tuple)
}

/** The transitions of one entry of the feed. What cannot be read is passed over: a feed that stood still there would tell nothing more. */
export function decodeTransitions(queue: string, at: number, text: string): Transition[] {
  const tuples = orElse(() => JSON.parse(text) as unknown, undefined)
  return Array.isArray(tuples)
    ? (tuples as unknown[]).flatMap((tuple) => (isTuple(tuple) ? transitionOf(queue, at, tuple) : []))
    : []
}

function transitionOf(queue: string, at: number, [id, revision, event, from, to, worker, extras]: Tuple): Transition {
  const { t: tags, s: status, e: error, o: output, m: emitted }: Extras = extras ?? {}
  const events = emitted === undefined ? undefined : emittedIn(emitted)
  return {
    queue,
    id,
    revision,
    at,
    event,
    from,
    to,
    tags: Array.isArray(tags) ? tags : [],
    status: status ?? 'active',
    worker,
    ...(error ? { error } : {}),
    ...(output === undefined ? {} : { output: readable(output, decode) }),
    ...(Array.isArray(events) ? { emitted: events as readonly EventData[] } : {}),
  }
}

const isTuple = (value: unknown): value is Tuple =>
  Array.isArray(value) && typeof value[0] === 'string' && typeof value[4] === 'string'

function emittedIn(text: string): unknown {
  try {
    return decode(text)
  } catch (error) {
    return [{ type: '(unreadable)', text, reason: unreadable(text, error).reason }]
  }
}
