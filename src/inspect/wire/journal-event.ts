import type { DurableMachine } from '../../engine/registry.ts'
import { transitionsOf, type AnyStateNode } from '../../engine/nodes.ts'
import { eventLabel } from '../../engine/stimulus.ts'
import type { JournalEntry } from '../../message.ts'
import type { Show } from './definition.ts'
import type { InspectedEvent } from './wire-message.ts'

/** What of an event only the stored message still knows. */
export interface EventFacts {
  readonly input: unknown
  /** The last error with its stack, for the last entry that tells of one. */
  readonly failure?: unknown
}

/** The event of a line of the journal as XState has it: `after backoff` is `xstate.after.backoff.message.retrying` again. */
export function journalEvent(
  machine: DurableMachine | undefined,
  { event: label, from, error }: JournalEntry,
  { input, failure }: EventFacts,
  show: Show,
): InspectedEvent {
  if (label === 'init') return { type: 'xstate.init', input: show(input, 'input') }
  const type = fullType(machine, label, from)
  const [, kind, actorId] = /^xstate\.(done|error)\.actor\.(.*)$/s.exec(type) ?? []
  return {
    type,
    ...(kind === undefined ? {} : { actorId }),
    ...errorOf(failure ?? (error === undefined ? undefined : readError(error)), show),
  }
}

const errorOf = (error: unknown, show: Show): { error?: unknown } =>
  error === undefined ? {} : { error: show(error, 'error') }

function fullType(machine: DurableMachine | undefined, label: string, from: string | null): string {
  for (const node of nodesOf(machine, from)) {
    for (const { eventType } of transitionsOf(node)) {
      const type = String(eventType)
      if (machine && type.startsWith('xstate.') && eventLabel(machine.machine.id, type) === label) return type
    }
  }
  return label.replace(/^(done|error) /, 'xstate.$1.actor.')
}

/** The states in which a message is when its state has this name. */
function nodesOf(machine: DurableMachine | undefined, state: string | null): readonly AnyStateNode[] {
  if (!machine || state === null) return []
  try {
    // oxlint-disable-next-line no-underscore-dangle -- XState has no public name for the states that a snapshot is in
    return machine.template(state)._nodes as readonly AnyStateNode[]
  } catch {
    return []
  }
}

/** A journal keeps a name and a message, in one line. */
export function readError(text: string): { readonly name: string; readonly message: string } {
  const [, name = 'Error', message = text] = /^([\w$.]+): (.*)$/s.exec(text) ?? []
  return { name, message }
}
