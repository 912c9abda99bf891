import type { InspectedEvent, WireMessage } from '../../../inspect/wire/wire-message.ts'
import { badRequest } from '../failure.ts'
import type { Show } from '../plain.ts'

/** Where actors that run elsewhere, in an ordinary `createActor({ inspect })`, are seen beside the messages of a queue. */
export interface Rooms {
  /** Whoever sends. What `take` is given is text in the wire. */
  enter(place: RoomPlace): Source
  /** Whoever looks: first what is kept, then what comes. Returns how to leave. */
  view(place: RoomPlace, viewer: RoomViewer): () => void
}

export interface RoomViewer {
  tell(messages: readonly WireMessage[]): void
  /** A source is gone: all sessions that begin with its name. */
  gone?(source: string): void
}

export interface RoomPlace {
  readonly queue: string
  readonly id?: string | undefined
}

export interface Source {
  /** @throws RedriveError `E_INVALID_REQUEST` for what is not of the wire */
  take(text: string): void
  leave(): void
}

/** Messages of a room that are kept for viewers to come; introductions of actors are kept beside them, without which the rest says nothing. */
const KEPT = 500
const KEPT_ACTORS = 100
const KEPT_ROOMS = 50
/** Characters that a room keeps of introductions, and as many of the rest. */
const KEPT_TEXT = 2 * 1024 * 1024

interface Room extends RoomPlace {
  readonly actors: Map<string, Kept>
  readonly rest: Map<number, Kept>
  readonly gone: Set<string>
}

interface Kept {
  readonly message: WireMessage
  /** Of its text, as it came. */
  readonly size: number
}

export function createRooms(show: Show): Rooms {
  const rooms = new Map<string, Room>()
  const viewers = new Set<{ readonly place: RoomPlace; readonly viewer: RoomViewer }>()
  let [sources, taken] = [0, 0]

  function roomOf(place: RoomPlace): Room {
    const key = JSON.stringify([place.queue, place.id])
    const room = rooms.get(key) ?? newRoom(place)
    rooms.delete(key)
    rooms.set(key, room)
    if (rooms.size > KEPT_ROOMS) rooms.delete(rooms.keys().next().value ?? '')
    return room
  }

  return {
    enter(place) {
      const room = roomOf(place)
      // XState counts its sessions from 0 in each process.
      const name = `source-${++sources}`
      return {
        take(text) {
          const message = readWire(text, name, show)
          keep(room, { message, size: text.length }, ++taken)
          for (const { place: seen, viewer } of viewers) if (isSeen(room, seen)) viewer.tell([message])
        },
        leave() {
          room.gone.add(name)
          for (const { place: seen, viewer } of viewers) if (isSeen(room, seen)) viewer.gone?.(name)
        },
      }
    },
    view(place, viewer) {
      const entry = { place, viewer }
      viewers.add(entry)
      for (const room of rooms.values()) {
        if (!isSeen(room, place)) continue
        viewer.tell([...room.actors.values(), ...room.rest.values()].map(({ message }) => message))
        for (const source of room.gone) viewer.gone?.(source)
      }
      return () => void viewers.delete(entry)
    },
  }
}

/** Who looks at a whole queue sees all sources of it; who looks at one message, those that were named after it or after the queue. */
const isSeen = (room: RoomPlace, viewer: RoomPlace): boolean =>
  room.queue === viewer.queue && (viewer.id === undefined || room.id === undefined || room.id === viewer.id)

const newRoom = (place: RoomPlace): Room => ({ ...place, actors: new Map(), rest: new Map(), gone: new Set() })

function keep({ actors, rest, gone }: Room, kept: Kept, number: number): void {
  if (kept.message.type !== '@xstate.actor') {
    rest.set(number, kept)
    return forget(rest, KEPT)
  }
  // The newest last, also of those that introduce themselves again.
  actors.delete(kept.message.sessionId)
  actors.set(kept.message.sessionId, kept)
  forget(actors, KEPT_ACTORS)
  for (const source of gone)
    if (![...actors.keys()].some((session) => session.startsWith(`${source}/`))) gone.delete(source)
}

/** The oldest first. */
function forget(kept: Map<unknown, Kept>, most: number): void {
  let text = 0
  for (const { size } of kept.values()) text += size
  for (const [key, { size }] of kept) {
    if (kept.size <= most && text <= KEPT_TEXT) return
    kept.delete(key)
    text -= size
  }
}

/** What of a message of the wire is passed on: what we know, with nothing in it that is to be hidden. */
function readWire(text: string, source: string, show: Show): WireMessage {
  const given = parse(text)
  const { type, sessionId, rootId, parentId, sourceId, name, definition, event, snapshot } = given
  const session = (id: unknown): string | undefined => (typeof id === 'string' ? `${source}/${id}` : undefined)
  const self = session(sessionId)
  if (self === undefined || !isType(type)) throw notOfTheWire()
  const [parent, sender] = [session(parentId), session(sourceId)]
  const head = {
    _version: textOf(given['_version']),
    createdAt: textOf(given['createdAt']),
    id: null,
    sessionId: self,
    rootId: session(rootId) ?? self,
  }
  if (type === '@xstate.event')
    return { type, ...head, ...(sender === undefined ? {} : { sourceId: sender }), event: eventOf(event, show) }
  if (type === '@xstate.snapshot')
    return { type, ...head, event: eventOf(event, show), snapshot: state(snapshot, show) }
  return {
    type,
    ...head,
    name: textOf(name) || self,
    ...(parent === undefined ? {} : { parentId: parent }),
    ...(typeof definition === 'string' ? { definition: definitionText(definition, show) } : {}),
    snapshot: state(snapshot, show),
  }
}

const isType = (type: unknown): type is WireMessage['type'] =>
  type === '@xstate.actor' || type === '@xstate.event' || type === '@xstate.snapshot'

const textOf = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 200) : '')

function eventOf(event: unknown, show: Show): InspectedEvent {
  const { type, ...rest } = record(event)
  return { ...record(show(rest, 'event')), type: textOf(type) }
}

function state(snapshot: unknown, show: Show): { readonly status: string } {
  const { status, ...rest } = record(snapshot)
  const shown = Object.entries(rest).map(([key, value]) => [key, show(value, key)])
  return { ...(Object.fromEntries(shown) as object), status: textOf(status) || 'active' }
}

function definitionText(text: string, show: Show): string {
  const { context, ...rest } = parse(text)
  return JSON.stringify({ ...rest, ...(context === undefined ? {} : { context: show(context, 'context') }) })
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>
  } catch {
    // Told below.
  }
  throw notOfTheWire()
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}

const notOfTheWire = () =>
  badRequest('this is no message of the XState inspector: expected JSON with a type and a sessionId.')
