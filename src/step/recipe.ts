import { advance, type Advanced, type AdvanceSettings } from '../engine/advance.ts'
import type { DurableMachine } from '../engine/registry.ts'
import type { Invocation } from '../engine/invocation.ts'
import { FIELD, restore, type LiveMessage } from '../engine/snapshot.ts'
import { encode } from '../codec.ts'
import { BARE } from '../store/layout.ts'
import { fenceOfStart, type CommitGroup, type Recipe, type StartedMessage } from '../store/round.ts'
import type { ClaimedMessage, Fields, StoredJournalEntry, StoredTimer } from '../store/store.ts'

/** How a worker starts bare messages of a machine in the claim itself, and brings them to life afterwards. */
export interface Start {
  readonly recipe: Recipe
  /** The invocation that it begins, but for its input: that is the payload. */
  readonly invocation: Omit<Invocation, 'input'>
  /** Members of the context beside the payload. */
  readonly context: Readonly<Record<string, unknown>>
  /** The end of a message whose handler is done, but for the output. */
  readonly ending: Ending
  /** The message as the start has stored it. @param now the clock of the store then */
  stored(started: StartedMessage, token: string, now: number): ClaimedMessage
}

/** Any two inputs do: what a step makes of one that it does not look into is the same for all. */
const SAMPLES = [{ payload: { sample: 1 } }, { payload: ['another'] }] as const
const ID = 'sample'
const TOKEN = '0'.repeat(32)
const NOW = 1_800_000_000_000

/**
 * The recipe by which messages of the default machine start that wait as their first step has left them. It is what the machine's own steps
 * write; `undefined` where that depends on the input or on the time.
 */
export function startOf(machine: DurableMachine, settings: AdvanceSettings): Start | undefined {
  const [start, other] = SAMPLES.map((sample) => startFrom(machine, sample, settings))
  return start && JSON.stringify(start) === JSON.stringify(other) ? start : undefined
}

function startFrom(machine: DurableMachine, input: object, settings: AdvanceSettings): Start | undefined {
  const text = encode(input, 'input')
  const recipe = recipeFrom(machine, text, settings)
  if (!recipe) return undefined
  const live = restore(machine, storedBy(recipe, { id: ID, input: text, createdAt: NOW }, TOKEN, NOW))
  const [invocation, ...more] = live.invocations.values()
  const { payload, ...context } = live.snapshot.context as Record<string, unknown>
  if (!invocation || more.length > 0 || invocation.input !== payload) return undefined
  const { input: _, ...started } = invocation
  const ending = endingOf(advance(live, [{ type: 'done', nonce: invocation.nonce, output: undefined }], settings), live)
  if (!ending) return undefined
  return {
    recipe,
    invocation: started,
    context,
    ending,
    stored: (message, token, now) => storedBy(recipe, message, token, now),
  }
}

function recipeFrom(machine: DurableMachine, input: string, settings: AdvanceSettings): Recipe | undefined {
  const { message, entry } = firstStep(machine, input, settings)
  const [transition = '', ...more] = entry.transitions
  const [journal, ...lines] = entry.journal
  const isPlain =
    entry.disposal === 'keep' &&
    more.length === 0 &&
    lines.length === 0 &&
    entry.forget.length === 0 &&
    journal?.seq === 1
  // Its only effects are what the entry writes, and handlers.
  if (!isPlain || message.actions.size > 0 || message.joins.size > 0) return undefined
  const fields = entry.changes.map(({ field, value }) => [field, value] as const)
  if (fields.some(([, value]) => value === undefined)) return undefined
  return {
    machine: machine.ref,
    from: BARE.state,
    to: entry.state,
    fields: Object.fromEntries(fields) as Fields,
    timers: entry.setTimers,
    journal: journal.text,
    transition: restOf(transition, ID),
  }
}

/** A bare message takes the step of its only timer. */
function firstStep(machine: DurableMachine, input: string, settings: AdvanceSettings): Advanced {
  const timer: StoredTimer = { ...BARE.timer, due: NOW }
  const message = restore(machine, {
    ...bare(machine.ref, ID, input, NOW),
    revision: 1,
    fence: `1:${TOKEN}`,
    timers: [timer],
  })
  return advance(message, [{ type: 'timer', nonce: timer.nonce }], settings)
}

const bare = (ref: string, id: string, input: string, createdAt: number): ClaimedMessage => ({
  id,
  revision: 0,
  state: BARE.state,
  fields: { [FIELD.machine]: ref, [FIELD.context]: BARE.context, [FIELD.input]: input },
  timers: [],
  journal: [firstLine(createdAt)],
  inbox: [],
  createdAt,
  enteredAt: createdAt,
  fence: '',
  dueAt: createdAt,
})

const firstLine = (at: number): StoredJournalEntry => ({ seq: 0, at, text: BARE.journal })

function storedBy(
  recipe: Recipe,
  { id, input, createdAt }: StartedMessage,
  token: string,
  now: number,
): ClaimedMessage {
  const message = bare(recipe.machine, id, input, createdAt)
  return {
    ...message,
    revision: 2,
    fence: fenceOfStart(token),
    state: recipe.to,
    fields: { ...message.fields, ...recipe.fields },
    timers: recipe.timers.map(({ nonce, text, delay }) => ({ nonce, text, due: now + delay })),
    journal: [firstLine(createdAt), { seq: 1, at: now, text: recipe.journal }],
    enteredAt: now,
  }
}

/** Messages that end by one and the same step have this in common. */
export type Ending = Omit<CommitGroup, 'fence' | 'members'>

/** `undefined` where more of it than the output is the message's own. */
function endingOf({ entry, message }: Advanced, live: LiveMessage): Ending | undefined {
  const { disposal, changes, clearTimers, journal, transitions, forget, state, setTimers } = entry
  if (disposal !== 'settle' && disposal !== 'remove') return undefined
  const isOwn = changes.some(({ field }) => field !== FIELD.status && !field.startsWith(FIELD.invocation))
  if (isOwn || journal.length > 1 || forget.length > 0 || transitions.length !== 1 || setTimers.length > 0)
    return undefined
  if (message.actions.size > 0) return undefined
  const transition = restOf(transitions[0]!, live.id)
  return { from: live.state, to: state, disposal, changes, clearTimers, journal: journal[0], transition }
}

/** A transition without its id. */
const restOf = (transition: string, id: string): string => transition.slice(`[${JSON.stringify(id)},`.length, -1)
