import { insideOf, type Inside } from '../../client/inside.ts'
import type { Redrive } from '../../client/redrive.ts'
import { redactedStore } from '../../engine/redacted-store.ts'
import type { Store } from '../../store/store.ts'
import type { Settings } from './dashboard-options.ts'
import { hurriedStore } from './hurried-store.ts'
import { createTickets, type Tickets } from './access/tickets.ts'
import { createRooms, type Rooms } from './inspect/rooms.ts'
import { createMonitors, type Monitors } from './live/monitors.ts'
import { createShow, type Show } from './plain.ts'
import { createQueueBook, type QueueBook } from './queue-book.ts'

/** What the routes of the API share. */
export interface Board {
  readonly inside: Inside
  readonly settings: Settings
  /** For reading only: it gives up early. */
  readonly store: Store
  readonly queues: QueueBook
  readonly monitors: Monitors
  /** What of a message may be seen, as JSON can say it. */
  readonly show: Show
  /** Actors that run elsewhere. */
  readonly rooms: Rooms
  /** For pages of inspectors, which cannot send a token. */
  readonly tickets: Tickets
}

/** How long somebody waits for what is only read, in milliseconds. */
const PATIENCE = 3000

export function createBoard(redrive: Redrive, settings: Settings): Board {
  const inside = insideOf(redrive)
  const store = redactedStore(
    hurriedStore(inside.store, PATIENCE),
    (queue) => inside.opened(queue)?.runtime.settings.redaction,
  )
  const queues = createQueueBook(redrive, store)
  const show = createShow(settings.redact)
  return {
    inside,
    settings,
    store,
    queues,
    monitors: createMonitors(inside),
    show,
    rooms: createRooms(show),
    tickets: createTickets(),
  }
}
