import { eventLabel } from '../engine/stimulus.ts'
import type { Message } from '../message.ts'
import { toJson } from './plain-json.ts'
import { printable } from './printable.ts'
import { facts } from './table.ts'
import type { Colors } from './terminal.ts'
import { dateText, dueText } from './time-text.ts'

/** What a machine is in, while it is played by hand. */
export interface SimulationView {
  /** Milliseconds since 1970, by the simulated clock. */
  readonly now: number
  readonly state: string
  readonly status: Message['status']
  readonly tags: readonly string[]
  readonly context: unknown
  readonly timers: readonly { readonly id: string; readonly name: string; readonly due: number }[]
  /** What was invoked and waits to be told how it ends. */
  readonly running: readonly { readonly id: string; readonly src: string }[]
  /** Events that this state takes. */
  readonly events: readonly string[]
  readonly output?: unknown
  readonly error?: unknown
  readonly quarantine?: Message['quarantine']
}

export function viewOf(message: Message, machineId: string, now: number, events: readonly string[]): SimulationView {
  const { state, status, tags, context, timers, invocations, output, error, quarantine } = message
  return {
    now,
    state,
    status,
    tags,
    context,
    timers: timers.map(({ id, due }) => ({ id, name: eventLabel(machineId, id), due })),
    running: invocations.map(({ id, src }) => ({ id, src })),
    events,
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
    ...(quarantine === undefined ? {} : { quarantine }),
  }
}

export function viewText(view: SimulationView, colors: Colors): string {
  const { now, state, status, tags, timers, running, events, quarantine } = view
  const notes = [...tags, ...(status === 'active' ? [] : [status])]
  return facts(
    [
      ['state', colors.cyan(printable(notes.length > 0 ? `${state} (${notes.join(', ')})` : state))],
      ['now', dateText(now)],
      ['context', printable(toJson(view.context))],
      ['timers', list(timers.map(({ name, due }) => `${name}  ${dueText(due, now)}, ${dateText(due)}`))],
      ['running', list(running.map(({ id, src }) => `${id}${src === id ? '' : ` (${src})`}`))],
      ['events', list([events.join(', ')])],
      ['output', 'output' in view ? printable(toJson(view.output)) : undefined],
      ['error', 'error' in view ? printable(toJson(view.error)) : undefined],
      ['put aside', quarantine && printable(quarantine.reason)],
    ],
    colors,
  )
}

const list = (lines: readonly string[]): string | undefined => lines.map(printable).join('\n') || undefined
