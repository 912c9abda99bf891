import { decode, encode } from '../codec.ts'
import { orElse, readable, unreadable } from '../unreadable.ts'
import type { ErrorSummary, EventData, Status, Transition } from '../message.ts'

/** What a step knows of its transition; the queue, the time and the position come with the entry of the feed. */
export type TransitionDraft = Omit<Transition, 'queue' | 'at' | 'output'> & {
  /** The output as the codec wrote it. */
  readonly output?: string
}

/** A part of a transition that is too large for the feed. */
export interface LargeText {
  /** See `largeName`. */
  readonly name: string
  readonly text: string
}

export type LargePart = 'output' | 'emitted'

/** Parts that a transition of the feed refers to, with their sizes in bytes. */
export type LargeParts = Partial<Readonly<Record<LargePart, number>>>

/** Every process that follows a feed reads each of its entries: what is larger than this is read by those alone whom it concerns. */
const LARGE = 1024
/** Bytes of an error, beyond which the feed only has its beginning. */
const MAX_ERROR = 2 * LARGE

/** The name of a large part, by which it is found beside an entry of the feed. */
export const largeName = (part: LargePart, { id, revision }: Pick<Transition, 'id' | 'revision'>): string =>
  `${part === 'output' ? 'o' : 'm'}:${revision}:${id}`

type Extras = {
  t?: readonly string[]
  s?: Status
  e?: ErrorSummary
  o?: string
  m?: string
  /** Sizes of what is referred to. */
  l?: { o?: number; m?: number }
}
type Tuple = [
  /** Several where messages took the same step in one batch. */
  id: string | readonly string[],
  revision: number,
  event: string,
  from: string | null,
  to: string,
  worker: string,
  extras?: Extras,
]

/** A transition in the feed: a JSON tuple, because the scripts pass it on as it is and every queue holds thousands of them. */
export const encodeTransition = (draft: TransitionDraft): string => writeTransition(draft).text

/** The same, and beside it the parts that are too large for the feed. */
export function writeTransition(draft: TransitionDraft): { readonly text: string; readonly large?: LargeText[] } {
  const step = writeStep(draft)
  return { ...step, text: `[${JSON.stringify(draft.id)},${step.text}]` }
}

/** The members of that tuple behind the id: all that messages have in common which took the same step. */
export function writeStep(draft: TransitionDraft): { readonly text: string; readonly large?: LargeText[] } {
  const { revision, event, from, to, worker, tags, status, error, output, emitted } = draft
  const extras: Extras = {}
  const large: LargeText[] = []
  const put = (part: LargePart, key: 'o' | 'm', text: string): void => {
    const size = sizeOf(text)
    if (size <= LARGE) return void (extras[key] = text)
    large.push({ name: largeName(part, draft), text })
    extras.l = { ...extras.l, [key]: size }
  }
  if (tags.length > 0) extras.t = tags
  if (status !== 'active') extras.s = status
  if (error) extras.e = briefError(error)
  if (output !== undefined) put('output', 'o', output)
  if (emitted?.length) put('emitted', 'm', encode(emitted, 'emitted events'))
  const step: unknown[] = [revision, event, from, to, worker]
  if (Object.keys(extras).length > 0) step.push(extras)
  const text = JSON.stringify(step).slice(1, -1)
  return large.length > 0 ? { text, large } : { text }
}

/** Tells whether the feed only refers to a text. */
export const isLarge = (text: string): boolean => sizeOf(text) > LARGE

/** Where each character takes one byte at most, nothing is counted. */
const sizeOf = (text: string): number => (text.length * 3 <= LARGE ? text.length : Buffer.byteLength(text))

/** Names, codes and messages are somebody else's, and can be of any length. */
function briefError(error: ErrorSummary): ErrorSummary {
  const { name, message, code } = error
  if ((name.length + message.length) * 3 <= MAX_ERROR && sizeOf(JSON.stringify(error)) <= MAX_ERROR) return error
  const brief = { name: name.slice(0, 100), message: message.slice(0, 500) }
  return typeof code === 'string' ? { ...brief, code: code.slice(0, 100) } : brief
}

/** A transition as the feed has it. */
export interface FeedTuple {
  readonly id: string
  /** Made only when somebody asks: of most entries, most readers need few transitions. */
  transition(): Transition
  /** What it refers to. */
  readonly large?: LargeParts
}

/** The transitions of one entry of the feed. What cannot be read is passed over: a feed that stood still there would tell nothing more. */
export function readTransitions(queue: string, at: number, text: string): FeedTuple[] {
  const tuples = orElse(() => JSON.parse(text) as unknown, undefined)
  return Array.isArray(tuples)
    ? (tuples as unknown[]).flatMap((tuple): FeedTuple[] => (isTuple(tuple) ? feedTuples(queue, at, tuple) : []))
    : []
}

export const decodeTransitions = (queue: string, at: number, text: string): Transition[] =>
  readTransitions(queue, at, text).map(({ transition }) => transition())

function feedTuples(queue: string, at: number, [ids, ...step]: Tuple): FeedTuple[] {
  const large = largeParts(step[5]?.l)
  return (typeof ids === 'string' ? [ids] : ids).map((id) => {
    const transition = (): Transition => transitionOf(queue, at, id, step)
    return large ? { id, transition, large } : { id, transition }
  })
}

type Step = Tuple extends [unknown, ...infer Rest] ? Rest : never

function largeParts(sizes: unknown): LargeParts | undefined {
  if (typeof sizes !== 'object' || sizes === null) return undefined
  const { o: output, m: emitted } = sizes as { readonly o?: unknown; readonly m?: unknown }
  return {
    ...(typeof output === 'number' ? { output } : {}),
    ...(typeof emitted === 'number' ? { emitted } : {}),
  }
}

/** The transition with the parts that it refers to: those that are there, and the names of those that are gone. */
export function withLarge(transition: Transition, large: LargeParts, texts: ReadonlyMap<string, string>): Transition {
  const filled: { output?: unknown; emitted?: readonly EventData[]; gone?: LargePart[] } = {}
  for (const part of ['output', 'emitted'] as const) {
    if (large[part] === undefined) continue
    const text = texts.get(largeName(part, transition))
    const value = text === undefined ? undefined : readable(text, decode)
    if (text === undefined || (part === 'emitted' && !Array.isArray(value))) (filled.gone ??= []).push(part)
    else if (part === 'output') filled.output = value
    else filled.emitted = value as readonly EventData[]
  }
  return { ...transition, ...filled }
}

function transitionOf(
  queue: string,
  at: number,
  id: string,
  [revision, event, from, to, worker, extras]: Step,
): Transition {
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
  Array.isArray(value) && isIds(value[0]) && typeof value[4] === 'string'

const isIds = (value: unknown): boolean =>
  typeof value === 'string' || (Array.isArray(value) && value.every((id) => typeof id === 'string'))

function emittedIn(text: string): unknown {
  try {
    return decode(text)
  } catch (error) {
    return [{ type: '(unreadable)', text, reason: unreadable(text, error).reason }]
  }
}
