import { decode } from '../codec.ts'
import { childRef, restoreJoins, standing } from '../engine/join.ts'
import { readFailure } from '../engine/failure.ts'
import { readParent } from '../engine/parent.ts'
import { describe } from '../engine/description.ts'
import { FIELD } from '../engine/snapshot.ts'
import { readMail } from '../events/mail-text.ts'
import { readJournal } from '../events/journal-text.ts'
import type { EventData, Message, MessageJoin } from '../message.ts'
import { orElse, readable, unreadable } from '../unreadable.ts'
import type { ListedMessage, Partition, Store, StoredMessage } from '../store/store.ts'

/** Tags of a state; a reader without the machine knows none. */
export type TagsOf = (state: string) => readonly string[]

/** A stored message as users see it. Needs no machine: the command line reads any queue. */
export function toMessage<Input>(
  queue: string,
  stored: StoredMessage,
  attentionAt: number | null,
  tags: TagsOf,
): Message<Input> {
  const { input, context, status, invocations, timers } = describe(stored)
  const { fields } = stored
  const quarantined = fields[FIELD.quarantine]
  const sent = fields[FIELD.sentInput]
  return {
    id: stored.id,
    queue,
    state: stored.state,
    status,
    tags: tags(stored.state),
    input: payloadOf(fields[FIELD.machine], input) as Input,
    ...(sent === undefined ? {} : { sentInput: payloadOf(fields[FIELD.machine], readable(sent, decode)) as Input }),
    context,
    ...decoded('output', fields[FIELD.output]),
    ...decoded('error', fields[FIELD.error]),
    revision: stored.revision,
    machine: fields[FIELD.machine] ?? '',
    createdAt: stored.createdAt,
    enteredAt: stored.enteredAt,
    attentionAt,
    timers,
    invocations: invocations.map(({ id, src, running, leasesLost }) => ({
      id,
      src,
      running,
      ...(leasesLost === undefined ? {} : { leasesLost }),
    })),
    inbox: stored.inbox.map(eventOf),
    ...(stored.worker === undefined ? {} : { worker: stored.worker }),
    ...decoded('progress', stored.progress),
    ...(quarantined === undefined ? {} : { quarantine: quarantineOf(quarantined) }),
    ...failureOf(stored),
    history: readJournal(stored.journal, {
      input,
      ...(sent === undefined ? {} : { sentInput: readable(sent, decode) }),
    }),
    ...familyOf(stored),
  }
}

function failureOf({ fields }: StoredMessage): Pick<Message, 'failedIn'> {
  const failure = orElse(() => readFailure(fields), undefined)
  return failure ? { failedIn: { state: failure.state, event: failure.event } } : {}
}

/** Whom it was started by, and whom it started. */
function familyOf({ id, createdAt, fields }: StoredMessage): Pick<Message, 'parent' | 'joins'> {
  const text = fields[FIELD.parent]
  const parent = text === undefined ? undefined : orElse(() => readParent(text), undefined)
  const joins = orElse(() => joinsOf({ id, createdAt, fields }), [])
  return {
    ...(parent ? { parent: { queue: parent.queue, id: parent.id } } : {}),
    ...(joins.length > 0 ? { joins } : {}),
  }
}

const joinsOf = ({ id, createdAt, fields }: Pick<StoredMessage, 'id' | 'createdAt' | 'fields'>): MessageJoin[] =>
  [...restoreJoins(fields, FIELD).values()].map((join): MessageJoin => ({
    join: join.name,
    failed: join.failed,
    over: join.over !== undefined,
    children: join.children.map((_, i) => {
      const status = standing(join, i)
      return { ...childRef(join, { id, createdAt }, i), ...(status ? { status } : {}) }
    }),
  }))

/** Why it was put aside; a text that another program wrote there is the reason as it is. */
function quarantineOf(text: string): NonNullable<Message['quarantine']> {
  const kept = readable(text, decode)
  const { reason, event } = (typeof kept === 'object' && kept !== null ? kept : {}) as Readonly<Record<string, unknown>>
  const told =
    typeof event === 'object' && event !== null && 'type' in event ? (event as EventData) : { type: 'unknown' }
  return { reason: typeof reason === 'string' ? reason : text, event: told }
}

/** What was sent: the default machine wraps it, beside what its message does differently. */
function payloadOf(machine: string | undefined, input: unknown): unknown {
  const wrapped = machine?.startsWith('message@') && typeof input === 'object' && input !== null && 'payload' in input
  return wrapped ? input.payload : input
}

/** A text that cannot be read is shown as it lies there. */
function eventOf(text: string): EventData {
  try {
    return readMail(text)
  } catch (error) {
    return { type: '(unreadable)', text, reason: unreadable(text, error).reason }
  }
}

function decoded<Key extends string>(key: Key, text: string | undefined): { [K in Key]?: unknown } {
  return (text === undefined ? {} : { [key]: readable(text, decode) }) as { [K in Key]?: unknown }
}

export interface ListOptions {
  /** Name of the state, e.g. `'dead'` or `'review.waiting'`. */
  readonly state: string
  /** Default 100; bounds 1–1000. */
  readonly limit?: number
  /** How many to pass over. Default 0. */
  readonly offset?: number
  /** Default false: the next one due, or the one that has waited longest, comes first. */
  readonly newestFirst?: boolean
}

/** Messages of a state over all partitions, by attention. */
export async function listMessages(
  store: Store,
  partitions: readonly Partition[],
  { state, limit = 100, offset = 0, newestFirst = false }: ListOptions,
): Promise<ListedMessage[]> {
  // From each partition as many as could be among the first of all of them.
  const query = {
    state,
    offset: partitions.length === 1 ? offset : 0,
    limit: partitions.length === 1 ? limit : offset + limit,
    newestFirst,
  }
  const pages = await Promise.all(partitions.map((partition) => store.list(partition, query)))
  if (pages.length === 1) return pages[0]!
  const order = (listed: ListedMessage): number => listed.attentionAt ?? PARKED_ORDER + listed.message.enteredAt
  const merged = pages.flat().toSorted((a, b) => (newestFirst ? order(b) - order(a) : order(a) - order(b)))
  return merged.slice(offset, offset + limit)
}

const PARKED_ORDER = Number.MAX_SAFE_INTEGER / 2

/** Population by state over all partitions. */
export async function countStates(store: Store, partitions: readonly Partition[]): Promise<QueueStats> {
  const all = await Promise.all(partitions.map((partition) => store.stats(partition)))
  const states = new Map<string, number>()
  for (const { states: some } of all)
    for (const [state, count] of some) states.set(state, (states.get(state) ?? 0) + count)
  const due = all.flatMap(({ next }) => next ?? [])
  const now = Math.max(...all.map((each) => each.now))
  return {
    now,
    states: Object.fromEntries([...states].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    nextDue: due.length === 0 ? null : Math.min(...due),
    paused: all.some((each) => each.paused),
  }
}

export interface QueueStats {
  /** The clock of the store, milliseconds since 1970. */
  readonly now: number
  /** Population by state name. */
  readonly states: Readonly<Record<string, number>>
  /** When the next message is due; in the past when some wait for a worker. */
  readonly nextDue: number | null
  /** Whether workers claim nothing from it; of a queue that was paused half, with a Redis that went away, it is true too. */
  readonly paused: boolean
}
