import { randomBytes } from 'node:crypto'

/** What a ticket is for. */
export interface TicketPlace {
  readonly queue: string
  readonly id?: string | undefined
}

/**
 * Lets a page that cannot send the token open one connection: of one use, of a minute, for one place, and for reading alone. So what stands in
 * an address, and in a log of addresses, opens nothing any more.
 */
export interface Tickets {
  give(place: TicketPlace): string
  /** Whether it is one for this place; it is none any more after that. */
  take(ticket: string, place: TicketPlace): boolean
}

/** Milliseconds. */
const VALID = 60_000
/** Tickets that nobody has used yet; beyond, the oldest is none any more. */
const OPEN = 1000

export function createTickets(now = (): number => performance.now()): Tickets {
  const open = new Map<string, { readonly place: string; readonly until: number }>()
  return {
    give(place) {
      const ticket = randomBytes(24).toString('base64url')
      if (open.size >= OPEN) open.delete(open.keys().next().value ?? '')
      open.set(ticket, { place: textOf(place), until: now() + VALID })
      return ticket
    },
    take(ticket, place) {
      const found = open.get(ticket)
      open.delete(ticket)
      return found !== undefined && now() < found.until && found.place === textOf(place)
    },
  }
}

const textOf = ({ queue, id }: TicketPlace): string => JSON.stringify([queue, id ?? null])
