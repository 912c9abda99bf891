import { isDeepStrictEqual } from 'node:util'
import { transition, type AnyMachineSnapshot, type AnyStateMachine, type EventObject, type StateValue } from 'xstate'
import { RedriveError } from '../../src/errors.ts'
import { readMail } from '../../src/events/mail-text.ts'
import { decodeTransitions } from '../../src/events/transition-text.ts'
import { describe } from '../../src/engine/description.ts'
import { stateName, stateValue } from '../../src/engine/state-name.ts'
import { eventLabel } from '../../src/engine/stimulus.ts'
import type { Transition } from '../../src/message.ts'
import type { CommitEntry, StoredMessage } from '../../src/store/store.ts'
import type { MessageRecord } from './message-record.ts'

/** How handlers of a message have ended. */
export interface Ending {
  readonly invocation: string
  readonly output?: unknown
  readonly error?: unknown
}

const LEASE_LOST = new RedriveError('E_LEASE_LOST', 'as the engine tells it')

/**
 * Takes the transitions of a commit again, by XState itself from what was stored before: each must follow from some event that this
 * message can have met, namely a timer that was set, a handler that has ended, or the events that the commit takes out of the inbox.
 * Returns why they cannot have happened, or nothing.
 */
export function replay(
  machine: AnyStateMachine,
  record: MessageRecord,
  entry: CommitEntry,
  endings: readonly Ending[],
): string | undefined {
  const steps = decodeTransitions(record.queue, 0, `[${entry.transitions.join(',')}]`)
  if (steps.length === 0) return undefined
  const before = snapshotOf(machine, record.state, contextOf(record, record.fields))
  const mail = record.inbox.slice(0, entry.consumed).map(readMail)
  const fields = new Map(record.fields)
  for (const { field, value } of entry.changes) {
    if (value === undefined) fields.delete(field)
    else fields.set(field, value)
  }
  const after = comparable(contextOf(record, fields))
  const goes = (snapshot: AnyMachineSnapshot, left: readonly Transition[], events: readonly EventObject[]): boolean => {
    const [next, ...rest] = left
    if (!next) return isDeepStrictEqual(comparable(snapshot.context as object), after)
    // What a lost worker ran is run again: the machine hears of nothing.
    if (next.event.startsWith('lost ')) return next.from === next.to && goes(snapshot, rest, events)
    return candidates(machine, record, next, endings, events).some(({ event, mailLeft }) => {
      const [reached] = transition(machine, snapshot, event)
      return stateName(reached.value as StateValue) === next.to && goes(reached, rest, mailLeft)
    })
  }
  if (goes(before, steps, mail)) return undefined
  return `took ${steps.map(({ event, from, to }) => `${from} --${event}--> ${to}`).join(', ')}, which XState does not`
}

interface Candidate {
  readonly event: EventObject
  readonly mailLeft: readonly EventObject[]
}

function candidates(
  machine: AnyStateMachine,
  { timers }: MessageRecord,
  { event: label }: Transition,
  endings: readonly Ending[],
  mail: readonly EventObject[],
): Candidate[] {
  const [kind, id = ''] = label.split(' ')
  const same = (events: readonly EventObject[]): Candidate[] => events.map((event) => ({ event, mailLeft: mail }))
  const ended = endings.filter(({ invocation }) => invocation === id)
  if (kind === 'done')
    return same(
      ended.flatMap((end) => ('output' in end ? { type: `xstate.done.actor.${id}`, output: end.output } : [])),
    )
  if (kind === 'error')
    return same(
      [...ended.flatMap((end) => ('error' in end ? [end.error] : [])), LEASE_LOST].map((error) => ({
        type: `xstate.error.actor.${id}`,
        error,
      })),
    )
  if (kind === 'after') {
    const types = [...timers.values()].map(({ text }) => text.split('\n')[0]!)
    return same(types.filter((type) => eventLabel(machine.id, type) === label).map((type) => ({ type })))
  }
  // Events that no state takes leave no trace: they are passed over.
  return mail.flatMap((event, i) => (event.type === label ? [{ event, mailLeft: mail.slice(i + 1) }] : []))
}

function snapshotOf(machine: AnyStateMachine, state: string, context: object): AnyMachineSnapshot {
  return machine.resolveState({ value: stateValue(state), context })
}

const contextOf = ({ id }: MessageRecord, fields: ReadonlyMap<string, string>): object =>
  describe({ id, fields: Object.fromEntries(fields), timers: [] } as unknown as StoredMessage).context

/** Without what chance or the words of an error are in. */
function comparable(context: object): object {
  const { error, ...rest } = context as { error?: { code?: unknown; name?: unknown } }
  return error === undefined ? rest : { ...rest, error: [error.name, error.code] }
}
