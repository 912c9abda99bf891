import type { StateValue } from 'xstate'
import { decode } from '../../codec.ts'
import { readable } from '../../unreadable.ts'
import { toMessage } from '../../client/reader.ts'
import type { DurableMachine } from '../../engine/registry.ts'
import { FIELD } from '../../engine/snapshot.ts'
import type { JournalEntry, Message, Transition } from '../../message.ts'
import { FAILED, type StoredMessage } from '../../store/store.ts'
import { contextAfter, keepsContexts } from '../past-context.ts'
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
  /** The messages that it has started, as of the last look. */
  readonly children: readonly MessageRef[]
}

/** Whose child a message is, where that is watched too: sessions. */
export interface Kin {
  readonly parentId: string
  readonly rootId: string
}

/** One message of a queue. */
export interface MessageRef {
  readonly queue: string
  readonly id: string
}

export interface MessageWireOptions {
  readonly queue: string
  /** The machine of a version, where this process has it; without one, that of new messages. */
  machineOf(ref: string | undefined): DurableMachine | undefined
  readonly show: Show
  readonly kin?: Kin | undefined
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
export const sessionOf = ({ queue, id }: MessageRef): string => `${queue}/${id}`

export function createMessageWire({ queue, machineOf, show, kin }: MessageWireOptions): MessageWire {
  let told: Told | undefined
  let children: readonly MessageRef[] = []

  return {
    get children() {
      return children
    },
    see(stored) {
      const ref = stored.fields[FIELD.machine] ?? ''
      const durable = machineOf(ref)
      const message = toMessage(queue, stored, null, durable?.tags ?? (() => []))
      const self = identity(message, kin)
      children = message.joins?.flatMap((join) => join.children) ?? []
      // One of the same id that was sent anew is another one.
      const before = told?.createdAt === stored.createdAt ? told : undefined
      const actors = new Map(
        innerActors(self.sessionId, durable?.machine, stored, show).map((actor) => [actor.sessionId, actor]),
      )
      const { said, value } = journalNews({
        self,
        message,
        stored,
        durable,
        actors: [...actors.values()],
        before,
        show,
      })
      const entry = message.history.at(-1)
      const cause = { rootId: self.rootId, at: entry?.at ?? stored.enteredAt, entry }
      const introduction = before?.ref === ref ? [] : [introduce(self, message, durable, show)]
      const news = innerNews(before?.actors ?? new Map(), actors, cause, show)
      told = { createdAt: stored.createdAt, ref, seq: entry?.seq ?? -1, value, actors }
      return [...introduction, ...said, ...news]
    },
    gone(last) {
      const durable = machineOf(told?.ref)
      const self = identity(last, kin)
      const cause = { rootId: self.rootId, at: last.at, entry: undefined }
      const introduction = told ? [] : [introduceUnseen(self, last, durable, show)]
      const left = innerNews(told?.actors ?? new Map(), new Map(), cause, show)
      const value = valueIn(durable, last.to) ?? told?.value
      told = { createdAt: 0, ref: durable?.ref ?? '', seq: -1, ...told, value, actors: new Map() }
      return [...introduction, ...farewell(self, last, durable, value, show), ...left]
    },
  }
}

/** As whom it speaks. */
interface Identity {
  readonly sessionId: string
  readonly rootId: string
  readonly parentId?: string
}

function identity(message: MessageRef, kin: Kin | undefined): Identity {
  const sessionId = sessionOf(message)
  return kin ? { sessionId, ...kin } : { sessionId, rootId: sessionId }
}

/** What the feed alone tells of a step. */
function farewell(
  { sessionId, rootId }: Identity,
  last: Transition,
  durable: DurableMachine | undefined,
  value: StateValue | undefined,
  show: Show,
): WireMessage[] {
  const { at, status, tags, error, output, queue: _queue, id: _id, ...rest } = last
  const speaker = { sessionId, rootId, at }
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

function introduceUnseen(
  self: Identity,
  { id, at }: Transition,
  durable: DurableMachine | undefined,
  show: Show,
): WireMessage {
  const definition = durable ? { definition: definitionOf(durable.machine, show) } : {}
  return wireActor({ ...self, at }, { name: id, ...parentOf(self), ...definition, snapshot: { status: 'active' } })
}

const parentOf = ({ parentId }: Identity): { parentId?: string } => (parentId === undefined ? {} : { parentId })

function introduce(self: Identity, message: Message, durable: DurableMachine | undefined, show: Show): WireMessage {
  const [first] = message.history
  const value = valueIn(durable, first?.to ?? message.state)
  return wireActor(
    { ...self, at: first?.at ?? message.createdAt },
    {
      name: message.id,
      ...parentOf(self),
      ...(durable ? { definition: definitionOf(durable.machine, show) } : {}),
      snapshot: {
        status: 'active',
        ...(value === undefined ? {} : { value }),
        ...(first ? pastContext(message, 0, show) : {}),
        input: show(message.input, 'input'),
      },
    },
  )
}

interface Seen {
  readonly self: Identity
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
  const { sessionId, rootId } = seen.self
  const fresh = message.history.filter(({ seq }) => seq > (before?.seq ?? -1))
  const lastError = fresh.findLast(({ error }) => error !== undefined)
  let value = before?.value
  const said = fresh.flatMap((entry): WireMessage[] => {
    const facts = { input: message.input, ...(entry === lastError ? failureOf(message, entry) : {}) }
    const event = journalEvent(durable, entry, facts, show)
    value = valueIn(durable, entry.to) ?? value
    const speaker = { sessionId, rootId, at: entry.at }
    const snapshot = entry === fresh.at(-1) ? present(seen, value) : past(seen, entry, value)
    return [wireEvent(speaker, event), ...(snapshot ? [wireSnapshot(speaker, event, snapshot)] : [])]
  })
  return { said, value }
}

/** The failure that the message remembers, where it is the one that the journal has in short. */
function failureOf({ error, context }: Message, entry: JournalEntry): Partial<EventFacts> {
  const failure: unknown = error ?? context['error']
  if (typeof failure !== 'object' || failure === null || !('message' in failure)) return {}
  return entry.error?.includes(String(failure.message).slice(0, 100)) ? { failure } : {}
}

function past(seen: Seen, entry: JournalEntry, value: StateValue | undefined): InspectedSnapshot | undefined {
  const { durable, message, show } = seen
  if (value === undefined) return undefined
  const tags = durable?.tags(entry.to) ?? []
  return { status: 'active', value, ...pastContext(message, message.history.indexOf(entry), show), tags }
}

/** Where the journal tells what each step changed; members that it had no room for are left out. */
function pastContext({ context, history }: Message, index: number, show: Show): { context?: unknown } {
  if (!keepsContexts(history)) return {}
  return { context: show(contextAfter(context, history, index).members, 'context') }
}

function present({ self, message, stored, actors, show }: Seen, value: StateValue | undefined): InspectedSnapshot {
  const { status, context, output, tags, quarantine } = message
  const history = stored.fields[FIELD.history]
  const error = quarantine ? { name: 'Quarantined', message: quarantine.reason } : message.error
  const children = actors.filter(({ parentId }) => parentId === self.sessionId)
  return {
    status,
    ...(value === undefined ? {} : { value }),
    context: show(context, 'context'),
    children: Object.fromEntries(children.map((child) => [child.id, { sessionId: child.sessionId }])),
    tags,
    historyValue: readable(history, decode),
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
