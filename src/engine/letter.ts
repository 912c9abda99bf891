import type { EventData } from '../message.ts'
import type { Path } from './address.ts'

/** An event in an inbox that is not for the message itself but for an actor within it: its own action, or that of a neighbour, sends it. */
const LETTER = 'redrive.actor'
/** Beside the event's own data, so that what is redacted in an event is redacted here too. */
const ADDRESS = 'redrive$$to'

interface Address {
  readonly at: Path
  readonly type: string
}

export const letterTo = (at: Path, event: EventData): EventData =>
  at.length === 0 ? event : { ...event, type: LETTER, [ADDRESS]: { at, type: event.type } satisfies Address }

/** The event, and whom it is for where that is not the message itself. */
export function openLetter(event: EventData): { readonly event: EventData; readonly to?: Path } {
  if (event.type !== LETTER) return { event }
  const { [ADDRESS]: address, ...data } = event
  const { at, type } = address as Address
  return { event: { ...data, type }, to: at }
}
