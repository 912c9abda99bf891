import { changesText, type Context } from '../events/context-changes.ts'
import { firstJournalText } from '../events/journal-text.ts'
import { writeStep } from '../events/transition-text.ts'
import type { NewMessage } from '../store/store.ts'
import type { StateValue } from 'xstate'
import { timerToSet } from './advance.ts'
import { transitionDraft, type Note } from './transition-draft.ts'
import { RedriveError } from '../errors.ts'
import type { Effect } from './effects.ts'
import { withNames } from './action.ts'
import { refuseStrangers } from './actors.ts'
import { fold, type Pending } from './fold.ts'
import { isSettled, parentText, reportOf, type ParentRef } from './parent.ts'
import type { DurableMachine } from './registry.ts'
import { FIELD, persist } from './snapshot.ts'
import { stateName } from './state-name.ts'
import { inDocumentOrder, initialStep, type TakeFirstStep } from './transition.ts'

const NOTHING: Pending = {
  timers: new Map(),
  invocations: new Map(),
  actions: new Map(),
  joins: new Map(),
  noncePrefix: '0',
  nonces: 0,
}

/** What more there is to a new message. */
export interface Beginning {
  readonly parent?: ParentRef | undefined
  /** Bytes for the context in its journal; without it, that is not kept. */
  readonly contexts?: number | undefined
  /** Hears what the machine logs in its first step. Default: nobody. */
  readonly log?: (value: unknown, label: string | undefined) => void
  /** Takes the first step of a message of one actor. Default: XState itself. */
  readonly takeFirstStep?: TakeFirstStep
}

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
  { parent, contexts, log = () => {}, takeFirstStep = byXState }: Beginning = {},
): NewMessage {
  const { effects, ...first } = machine.system?.initial(input, id) ?? takeFirstStep(machine, input, id)
  const snapshot = inDocumentOrder(first.snapshot)
  refuseStrangers(machine, {}, snapshot, effects)
  for (const effect of effects) if (effect.type === 'log') log(effect.value, effect.label)
  const state = stateName(snapshot.value as StateValue)
  const report = parent && isSettled(snapshot) ? [reportOf(snapshot, state, undefined)] : []
  const { timers, invocations, actions, joins } = fold(
    NOTHING,
    [...named(machine, effects), ...report],
    snapshot.status,
  )
  const emitted = effects.filter((effect) => effect.type === 'emit').map((effect) => effect.event)
  const note: Note = { event: 'init', error: undefined, from: null, to: state, emitted }
  const { text, large } = writeStep(transitionDraft({ id, revision: -1 }, snapshot, note, { worker: client }))
  // The message is kept at first, and has its output.
  const emittedTexts = large?.filter(({ name }) => name.startsWith('m:')) ?? []
  return {
    id,
    first: {
      state,
      fields: persist(machine, snapshot, input, { invocations, actions, joins }),
      timers: [...timers.values()].map(timerToSet),
      attention: invocations.size + actions.size > 0 ? 'now' : 'timers',
      journal: firstJournalText(state, changesText({}, snapshot.context as Context, input, contexts)),
      transition: text,
    },
    fields: { [FIELD.input]: inputText, ...(parent ? { [FIELD.parent]: parentText(parent) } : {}) },
    ...(emittedTexts.length > 0 ? { large: emittedTexts } : {}),
  }
}

const byXState: TakeFirstStep = ({ machine }, input, id) => initialStep(machine, input, id)

/** The sender runs no action: it leaves them to a worker, who must find them by their name. */
function named(machine: DurableMachine, effects: readonly Effect[]): readonly Effect[] {
  for (const effect of effects) {
    if (effect.type !== 'action' || machine.actions.name(effect) !== undefined) continue
    throw new RedriveError(
      'E_STEP_FAILED',
      `the action "${effect.name}" of the first step is made within it: name it in setup({ actions }), so that a worker can find it.`,
    )
  }
  return withNames(machine.actions, effects)
}
