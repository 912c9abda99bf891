import type { AnyMachineSnapshot } from 'xstate'
import { changesText } from '../events/context-changes.ts'
import type { AdvanceSettings } from './advance.ts'
import type { Edited } from './edit.ts'
import type { LiveMessage } from './snapshot.ts'

interface Before {
  readonly snapshot: AnyMachineSnapshot
  readonly edited: Edited | undefined
}

/** What a step made of the context, for its line in the journal; by identity, for a machine makes a new value of whatever it changes. */
export function contextChanges(
  { input }: LiveMessage,
  { snapshot, edited }: Before,
  after: Pick<Before, 'snapshot'>,
  { contexts }: AdvanceSettings,
): string | undefined {
  if (contexts === undefined) return undefined
  return changesText(contextOf(snapshot), contextOf(after.snapshot), edited ? edited.input : input, contexts)
}

const contextOf = ({ context }: AnyMachineSnapshot) => context as Readonly<Record<string, unknown>>
