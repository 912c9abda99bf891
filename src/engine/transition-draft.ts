import type { AnyMachineSnapshot } from 'xstate'
import { encode } from '../codec.ts'
import type { ErrorSummary, EventData } from '../message.ts'
import type { AdvanceSettings } from './advance.ts'
import { deathOf } from './parent.ts'
import { tagsOf } from './registry.ts'
import type { LiveMessage } from './snapshot.ts'
import { errorSummary } from './storable.ts'

/** A step as the feed tells it. */
export interface Note {
  readonly event: string
  readonly error: ErrorSummary | undefined
  readonly from: string | null
  readonly to: string
  readonly emitted: readonly EventData[]
}

export function transitionDraft(
  message: Pick<LiveMessage, 'id' | 'revision'>,
  snapshot: AnyMachineSnapshot,
  note: Note,
  { worker }: Pick<AdvanceSettings, 'worker'>,
) {
  const { event, from, to, emitted, error = deathOf(snapshot, note) } = note
  return {
    event,
    from,
    to,
    emitted,
    id: message.id,
    revision: message.revision + 1,
    tags: tagsOf(snapshot),
    status: snapshot.status,
    worker,
    ...(error ? { error } : {}),
    ...(snapshot.status === 'done' && snapshot.output !== undefined
      ? { output: encode(snapshot.output, 'output') }
      : {}),
  }
}

/** What a step tells as its error. */
export function errorOf(event: EventData, snapshot: AnyMachineSnapshot): ErrorSummary | undefined {
  // Also where nothing was thrown: Promise.reject() is a failure.
  if (event.type.startsWith('xstate.error.')) return errorSummary(event['error'])
  return snapshot.error === undefined ? undefined : errorSummary(snapshot.error)
}
