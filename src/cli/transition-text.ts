import type { Transition } from '../message.ts'
import { printable } from './printable.ts'
import type { Colors } from './terminal.ts'
import { clockText } from './time-text.ts'

/** `14:05:09.120  emails e1  processing → retrying  error handler: connection refused` */
export function transitionText(transition: Transition, colors: Colors): string {
  const { at, queue, id, from, to, event, error } = transition
  const change = `${from === null ? '' : `${printable(from)} → `}${colorOf(transition, colors)(printable(to))}`
  const why = error ? `${event}: ${error.message}` : event
  return `${colors.dim(clockText(at))}  ${queue} ${printable(id)}  ${change}  ${colors.dim(printable(why))}`
}

function colorOf({ tags, status }: Transition, { red, green, yellow, cyan }: Colors): Colors['red'] {
  if (tags.includes('dead') || tags.includes('quarantined') || status === 'error') return red
  if (tags.includes('retrying')) return yellow
  return tags.includes('succeeded') ? green : cyan
}
