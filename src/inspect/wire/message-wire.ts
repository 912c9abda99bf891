import type { StateValue } from 'xstate'
import { decode } from '../../codec.ts'
import { toMessage } from '../../client/reader.ts'
import type { DurableMachine } from '../../engine/registry.ts'
import { FIELD } from '../../engine/snapshot.ts'
import type { JournalEntry, Message, Transition } from '../../message.ts'
import { FAILED, type StoredMessage } from '../../store/store.ts'
import { definitionOf, type Show } from './definition.ts'
import { innerActors, type InnerActor } from './inner-actors.ts'
import { innerNews, type ToldActors } from './inner-news.ts'
import { journalEvent, type EventFacts } from './journal-event.ts'
import { wireActor, wireEvent, wireSnapshot, type InspectedSnapshot, type WireMessage } from './wire-message.ts'

/** One message as an inspector sees it. It is shown what is stored, and says what is new in it. */
export interface MessageWire {
  /** First: its actors and its whole journal. From then on: what came to its journal since, and what became of its actors. */
  see(stored: StoredMessage): WireMessage[]
  /** It is stored no more: what the feed told of its last step. */
  gone(last: Transition): WireMessage[]
}

export interface MessageWireOptions {
  readonly queue: string
  /** The machine of a version, where this process has it; without one, that of new messages. */
  machineOf(ref: string | undefined): DurableMachine | undefined
  readonly show: Show
}

/** What was told of a message so far. */
interface Told {
  readonly createdAt: number
  readonly ref: string
  readonly seq: number
  readonly value: StateValue | undefined
  readonly actors: ToldActors
}

/** `queue/id`: the session of a message. */
const sessionOf = (queue: string, id: string): string => `${queue}/${id}`

export function createMessageWire({ queue, machineOf, show }: MessageWireOptions): MessageWire {
  let told: Told | undefined

  return {
    see(stored) {
      const ref = stored.fields[FIELD.machine] ?? ''
      const durable = machineOf(ref)
      const message = toMessage(queue, stored, null, durable?.tags ?? (() => []))
      const rootId = sessionOf(queue, stored.id)
      // One of the same id that was sent anew is another one.
      const before = told?.createdAt === stored.createdAt ? told : undefined
      const actors = new Map(
        innerActors(rootId, durable?.machine, stored, show).map((actor) => [actor.sessionId, actor]),
      )
      const { said, value } = journalNews({ message, stored, durable, actors: [...actors.values()], before, show })
      const entry = message.history.at(-1)
      const cause = { rootId, at: entry?.at ?? stored.enteredAt, entry }
      const introduction = before?.ref === ref ? [] : [introduce(message, durable, show)]
      const news = innerNews(before?.actors ?? new Map(), actors, cause, show)
      told = { createdAt: stored.createdAt, ref, seq: entry?.seq ?? -1, value, actors }
      return [...introduction, ...said, ...news]
    },
    gone(last) {
      const durable = machineOf(told?.ref)
      const cause = { rootId: sessionOf(queue, last.id), at: last.at, entry: undefined }
      const introduction = told ? [] : [introduceUnseen(last, durable, show)]
      const left = innerNews(told?.actors ?? new Map(), new Map(), cause, show)
      const value = valueIn(durable, last.to) ?? told?.value
      told = { createdAt: 0, ref: durable?.ref ?? '', seq: -1, ...told, value, actors: new Map() }
      return [...introduction, ...farewell(last, durable, value, show), ...left]
    },
  }
}

/** What the feed alone tells of a step. */
function farewell(
  last: Transition,
  durable: DurableMachine | undefined,
  value: StateValue | undefined,
  show: Show,
): WireMessage[] {
  const { queue, id, at, status, tags, error, output, ...rest } = last
  const rootId = sessionOf(queue, id)
  const speaker = { sessionId: rootId, rootId, at }
  const event = journalEvent(durable, { ...rest, at, seq: 0 }, { input: undefined, failure: error }, show)
  return [
    wireEvent(speaker, event),
    wireSnapshot(speaker, event, {
      status,
      ...(value === undefined ? {} : { value }),
      tags,
      ...(output === undefined ? {} : { output: show(output, 'output') }),
      ...(error ? { error: show(error, 'error') } : {}),
    }),
  ]
}

function introduceUnseen({ queue, id, at }: Transition, durable: DurableMachine | undefined, show: Show): WireMessage {
  const rootId = sessionOf(queue, id)
  const definition = durable ? { definition: definitionOf(durable.machine, show) } : {}
  return wireActor({ sessionId: rootId, rootId, at }, { name: id, ...definition, snapshot: { status: 'active' } })
}

function introduce(message: Message, durable: DurableMachine | undefined, show: Show): WireMessage {
  const rootId = sessionOf(message.queue, message.id)
  const [first] = message.history
  const value = valueIn(durable, first?.to ?? message.state)
  return wireActor(
    { sessionId: rootId, rootId, at: first?.at ?? message.createdAt },
    {
      name: message.id,
      ...(durable ? { definition: definitionOf(durable.machine, show) } : {}),
      snapshot: { status: 'active', ...(value === undefined ? {} : { value }), input: show(message.input, 'input') },
    },
  )
}

interface Seen {
  readonly message: Message
  readonly stored: StoredMessage
  readonly durable: DurableMachine | undefined
  readonly actors: readonly InnerActor[]
  readonly before: Told | undefined
  readonly show: Show
}

/** Each new line of the journal as an event and the snapshot that it led to. The last one is the present, and has all that is known. */
function journalNews(seen: Seen): { readonly said: WireMessage[]; readonly value: StateValue | undefined } {
  const { message, durable, before, show } = seen
  const rootId = sessionOf(message.queue, message.id)
  const fresh = message.history.filter(({ seq }) => seq > (before?.seq ?? -1))
  const lastError = fresh.findLast(({ error }) => error !== undefined)
  let value = before?.value
  const said = fresh.flatMap((entry): WireMessage[] => {
    const facts = { input: message.input, ...(entry === lastError ? failureOf(message, entry) : {}) }
    const event = journalEvent(durable, entry, facts, show)
    value = valueIn(durable, entry.to) ?? value
    const speaker = { sessionId: rootId, rootId, at: entry.at }
    const snapshot = entry === fresh.at(-1) ? present(seen, value) : past(seen, entry, value)
    return [wireEvent(speaker, event), ...(snapshot ? [wireSnapshot(speaker, event, snapshot)] : [])]
  })
  return { said, value }
}

/** The failure that the message remembers, where it is the one that the journal has in short. */
function failureOf({ error, context }: Message, entry: JournalEntry): Partial<EventFacts> {
  const failure = error ?? context['error']
  if (typeof failure !== 'object' || failure === null || !('message' in failure)) return {}
  return entry.error?.includes(String(failure.message).slice(0, 100)) ? { failure } : {}
}

function past({ durable }: Seen, { to }: JournalEntry, value: StateValue | undefined): InspectedSnapshot | undefined {
  return value === undefined ? undefined : { status: 'active', value, tags: durable?.tags(to) ?? [] }
}

function present({ message, stored, actors, show }: Seen, value: StateValue | undefined): InspectedSnapshot {
  const { status, context, output, tags, quarantine, queue, id } = message
  const history = stored.fields[FIELD.history]
  const error = quarantine ? { name: 'Quarantined', message: quarantine.reason } : message.error
  const children = actors.filter(({ parentId }) => parentId === sessionOf(queue, id))
  return {
    status,
    ...(value === undefined ? {} : { value }),
    context: show(context, 'context'),
    children: Object.fromEntries(children.map((child) => [child.id, { sessionId: child.sessionId }])),
    tags,
    historyValue: history === undefined ? {} : decode(history),
    ...(output === undefined ? {} : { output: show(output, 'output') }),
    ...(error === undefined ? {} : { error: show(error, 'error') }),
  }
}

/** A state of another version, or that of a message which is put aside, is no place in this machine: it has no value there. */
function valueIn(durable: DurableMachine | undefined, state: string): StateValue | undefined {
  if (state === FAILED) return undefined
  try {
    return durable?.template(state).value as StateValue | undefined
  } catch {
    return undefined
  }
}
