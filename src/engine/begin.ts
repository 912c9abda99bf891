import { firstJournalText } from '../events/journal-text.ts'
import { encodeTransition } from '../events/transition-text.ts'
import type { NewMessage } from '../store/store.ts'
import type { StateValue } from 'xstate'
import { timerToSet, transitionDraft, type Note } from './advance.ts'
import { fold, type Pending } from './fold.ts'
import type { DurableMachine } from './registry.ts'
import { FIELD, persist } from './snapshot.ts'
import { stateName } from './state-name.ts'
import { initialStep } from './transition.ts'

/**
 * The first step of a new message, taken by its sender.
 * @throws what the machine's context factory or an entry action throws, and `E_UNSERIALIZABLE`.
 */
export function begins(
  machine: DurableMachine,
  id: string,
  input: unknown,
  inputText: string,
  client: string,
): NewMessage {
  const { snapshot, effects } = initialStep(machine.machine, input)
  const empty: Pending = { timers: new Map(), invocations: new Map(), noncePrefix: '0', nonces: 0 }
  const { timers, invocations } = fold(empty, effects, snapshot.status)
  const waiting = [...invocations.values()].map((invocation) => ({ ...invocation, running: false }))
  const state = stateName(snapshot.value as StateValue)
  const emitted = effects.filter((effect) => effect.type === 'emit').map((effect) => effect.event)
  const note: Note = { event: 'init', error: undefined, from: null, to: state, emitted }
  return {
    id,
    state,
    fields: { ...persist(machine, snapshot, input, waiting), [FIELD.input]: inputText },
    timers: [...timers.values()].map(timerToSet),
    attention: waiting.length > 0 ? 'now' : 'timers',
    journal: firstJournalText(state),
    transition: encodeTransition(transitionDraft({ id, revision: -1 }, snapshot, note, { worker: client })),
  }
}
