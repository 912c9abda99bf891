import { decode, encode } from '../codec.ts'
import type { EventData } from '../message.ts'

/** An event as it lies in an inbox: behind its id and a line feed when it has one, by which a sender finds it again. */
export function mailText(event: EventData, id?: string): string {
  const text = encode(event, 'event')
  return id === undefined ? text : `${mark(id)}${text}`
}

/** @throws when the text is broken. */
export function readMail(text: string): EventData {
  const event = decode(text.startsWith('#') ? text.slice(text.indexOf('\n') + 1) : text)
  if (isEvent(event)) return event
  throw new Error('an event that waits has no type')
}

export const isEvent = (value: unknown): value is EventData =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

/** Whether the event with this id still waits in an inbox. */
export const waitsIn = (inbox: readonly string[], id: string): boolean =>
  inbox.some((text) => text.startsWith(mark(id)))

const mark = (id: string): string => `#${encodeURIComponent(id)}\n`
