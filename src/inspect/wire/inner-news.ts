import type { JournalEntry } from '../../message.ts'
import { definitionOf, type Show } from './definition.ts'
import type { InnerActor } from './inner-actors.ts'
import { readError } from './journal-event.ts'
import { wireActor, wireSnapshot, type InspectedSnapshot, type WireMessage } from './wire-message.ts'

/** The actors within a message as they were last told. */
export type ToldActors = ReadonlyMap<string, InnerActor>

/** What brought the news: the last step of the message. */
export interface Cause {
  readonly rootId: string
  readonly at: number
  readonly entry: JournalEntry | undefined
}

/** Of the actors within a message: which are gone, which changed, which came. */
export function innerNews(before: ToldActors, now: ToldActors, cause: Cause, show: Show): WireMessage[] {
  const { rootId, at, entry } = cause
  const event = { type: entry?.event ?? '' }
  const left = [...before.values()].filter(({ sessionId }) => !now.has(sessionId))
  return [
    ...left.map((actor) =>
      wireSnapshot({ sessionId: actor.sessionId, rootId, at }, event, {
        ...actor.snapshot,
        ...ending(actor, entry, show),
      }),
    ),
    ...[...now.values()].flatMap((actor): WireMessage[] => {
      const { sessionId, parentId, id, machine, snapshot } = actor
      const speaker = { sessionId, rootId, at }
      const known = before.get(sessionId)
      if (known) return isSame(known.snapshot, snapshot) ? [] : [wireSnapshot(speaker, event, snapshot)]
      const definition = machine ? { definition: definitionOf(machine, show) } : {}
      return [wireActor(speaker, { name: id, parentId, ...definition, snapshot })]
    }),
  ]
}

/** How an actor ended that is no more: the journal names the invocation whose result it was. */
function ending({ invocation }: InnerActor, entry: JournalEntry | undefined, show: Show): InspectedSnapshot {
  if (invocation !== undefined && entry?.event === `done ${invocation}`) return { status: 'done' }
  if (invocation === undefined || entry?.event !== `error ${invocation}`) return { status: 'stopped' }
  return { status: 'error', ...(entry.error === undefined ? {} : { error: show(readError(entry.error), 'error') }) }
}

const isSame = (a: InspectedSnapshot, b: InspectedSnapshot): boolean => JSON.stringify(a) === JSON.stringify(b)
