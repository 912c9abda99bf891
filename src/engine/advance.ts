import type { AnyMachineSnapshot, StateValue } from 'xstate'
import { encode } from '../codec.ts'
import { journalText } from '../events/journal-text.ts'
import { encodeTransition } from '../events/transition-text.ts'
import type { ErrorSummary, EventData } from '../message.ts'
import { show } from '../options.ts'
import { FAILED, type CommitEntry, type Disposal, type StoredTimer, type TimerToSet } from '../store/store.ts'
import type { Effect } from './effects.ts'
import { withNames, type PendingAction } from './action.ts'
import { refuseStrangers } from './actors.ts'
import { fold, type Pending } from './fold.ts'
import { quarantine } from './quarantine.ts'
import { acceptsEvent, tagsOf } from './registry.ts'
import { changedFields, FIELD, persist, timerText, type Invocation, type LiveMessage, type Timer } from './snapshot.ts'
import { stateName } from './state-name.ts'
import { eventLabel, toEvent, type Stimulus } from './stimulus.ts'
import { inDocumentOrder, restsIn, step } from './transition.ts'

/** Who advances a message, and under which bounds. */
export interface AdvanceSettings {
  readonly worker: string
  /** Entries of the journal to keep. */
  readonly journal: number
  /** Whether a message that settles with these tags leaves nothing behind. */
  removes(tags: readonly string[]): boolean
}

/** What a batch of stimuli made of a message. Nothing is stored and nothing has run yet. */
export interface Advanced {
  /** The message as it will be once the entry is applied. */
  readonly message: LiveMessage
  readonly entry: CommitEntry
  /** Invocations that a worker must run once the entry is applied. */
  readonly started: readonly Invocation[]
  /** Handlers to abort, each with the stimulus that ended its invocation. */
  readonly stopped: readonly { readonly invocation: Invocation; readonly by: Stimulus }[]
  /** Custom actions to run once the entry is applied. */
  readonly actions: readonly PendingAction[]
  /** Logs and sends, to be executed once the entry is applied. */
  readonly effects: readonly Effect[]
}

/** A message under way through several steps. */
interface Progress extends Pending {
  readonly snapshot: AnyMachineSnapshot
  readonly state: string
  readonly journal: readonly string[]
  readonly transitions: readonly string[]
  readonly effects: readonly Effect[]
  readonly stopped: Advanced['stopped']
  readonly consumed: number
}

/**
 * THE path: every change of a message goes through here. Takes the stimuli one by one through the machine, and folds what they
 * ask for into one commit. A stimulus on which the machine throws puts the message aside, as it was before, and never loses it.
 */
export function advance(message: LiveMessage, stimuli: readonly Stimulus[], settings: AdvanceSettings): Advanced {
  let progress = begin(message)
  for (const stimulus of stimuli) {
    try {
      progress = take(message, progress, stimulus, settings)
    } catch (cause) {
      return quarantine(message, toEvent(progress, stimulus) ?? { type: stimulus.type }, cause, settings)
    }
    if (progress.snapshot.status !== 'active' && progress.actions.size === 0) break
  }
  try {
    return settle(message, progress, settings)
  } catch (cause) {
    // The context, the output or an input of these steps cannot be stored: the last of them is the best guess.
    const last = stimuli.at(-1)
    return quarantine(message, (last && toEvent(message, last)) ?? { type: last?.type ?? 'none' }, cause, settings)
  }
}

function begin({ snapshot, state, timers, invocations, actions, revision }: LiveMessage): Progress {
  const pending = {
    timers: new Map(timers),
    invocations: new Map(invocations),
    actions: new Map(actions),
    noncePrefix: revision.toString(36),
    nonces: 0,
  }
  return { ...pending, snapshot, state, journal: [], transitions: [], effects: [], stopped: [], consumed: 0 }
}

function take(message: LiveMessage, before: Progress, stimulus: Stimulus, settings: AdvanceSettings): Progress {
  if (stimulus.type === 'ran') return { ...before, actions: withoutNonces(before.actions, stimulus.nonces) }
  // A finished machine hears of nothing any more; only its last actions are still to be run.
  if (before.snapshot.status !== 'active') return before
  const consumed = before.consumed + (stimulus.type === 'event' ? 1 : 0)
  const event = toEvent(before, stimulus)
  // An event that no state takes may lie here from another version of the machine; XState would keep memory for its type.
  const foreign = stimulus.type === 'event' && !acceptsEvent(message.machine, stimulus.event.type)
  if (!event || foreign) return { ...before, consumed }

  const expired = forget(before, stimulus)
  const { snapshot: entered, effects, changed } = step(message.machine.machine, before.snapshot, event)
  if (!changed) return { ...expired, consumed }

  const snapshot = inDocumentOrder(entered)
  refuseStrangers(message.machine, before.snapshot.children as object, snapshot, effects)
  const pending = fold(expired, withNames(message.machine.actions, effects), snapshot.status)
  const state = snapshot.status === 'error' ? FAILED : stateName(snapshot.value as StateValue)
  // XState can be led to where no message could be brought to life again: then it must not be stored there.
  if (snapshot.status === 'active' && !restsIn(snapshot, message.machine.template(state)))
    throw new Error(`"${state}" is no resting place of ${message.machine.id}: transitions of its regions contend`)
  const note = { event: eventLabel(message.machine.id, event.type), error: errorOf(event, snapshot) }
  const emitted = effects.filter((effect) => effect.type === 'emit').map((effect) => effect.event)
  const draft = transitionDraft(message, snapshot, { ...note, from: before.state, to: state, emitted }, settings)
  return {
    ...pending,
    snapshot,
    state,
    consumed,
    journal: [...before.journal, journalText(note.event, state, settings.worker, note.error)],
    transitions: [...before.transitions, encodeTransition(draft)],
    effects: [...before.effects, ...effects],
    stopped: [...before.stopped, ...stoppedBy(before, pending, stimulus)],
  }
}

const withoutNonces = <T>(entries: ReadonlyMap<string, T>, nonces: readonly string[]): Map<string, T> =>
  new Map([...entries].filter(([nonce]) => !nonces.includes(nonce)))

/** A timer that fired and an invocation that ended are over, whatever the machine makes of it. */
function forget(progress: Progress, stimulus: Stimulus): Progress {
  if (stimulus.type === 'event' || stimulus.type === 'ran') return progress
  const without = <T extends Timer | Invocation>(entries: ReadonlyMap<string, T>): Map<string, T> =>
    new Map([...entries].filter(([, { nonce }]) => nonce !== stimulus.nonce))
  return stimulus.type === 'timer'
    ? { ...progress, timers: without(progress.timers) }
    : { ...progress, invocations: without(progress.invocations) }
}

function stoppedBy(before: Progress, after: Pending, by: Stimulus): Advanced['stopped'] {
  const alive = new Set([...after.invocations.values()].map(({ nonce }) => nonce))
  const ended = 'nonce' in by && by.type !== 'timer' ? by.nonce : undefined
  return [...before.invocations.values()]
    .filter(({ nonce }) => !alive.has(nonce) && nonce !== ended)
    .map((invocation) => ({ invocation, by }))
}

/** Works out the one commit of all the steps, and the message as it will be after it. */
function settle(message: LiveMessage, progress: Progress, settings: AdvanceSettings): Advanced {
  const { snapshot, state } = progress
  const before = new Map([...message.invocations.values()].map(({ nonce, running }) => [nonce, running]))
  const started = [...progress.invocations.values()].filter(({ nonce }) => before.get(nonce) !== true)
  const invocations = new Map(
    [...progress.invocations].map(([id, invocation]) => [id, { ...invocation, running: true }]),
  )
  const actions = new Map([...progress.actions].map(([nonce, action]) => [nonce, { ...action, started: true }]))
  const next = persist(message.machine, snapshot, message.input, { invocations, actions })
  const kept = new Set([...progress.timers.values()].map(({ nonce }) => nonce))
  const known = new Set([...message.timers.values()].map(({ nonce }) => nonce))
  const journal = progress.journal.map((text, i) => ({ seq: nextSeq(message) + i, text }))
  const forget = message.journal.filter(({ seq }) => seq <= nextSeq(message) + journal.length - 1 - settings.journal)
  const entry: CommitEntry = {
    id: message.id,
    fence: `${message.revision}:${message.token}`,
    state,
    changes: changedFields(message.fields, next),
    setTimers: [...progress.timers.values()].filter(({ nonce }) => !known.has(nonce)).map(timerToSet),
    clearTimers: [...message.timers.values()].filter(({ nonce }) => !kept.has(nonce)).map(storedTimer),
    ...earliest([...progress.timers.values()]),
    attention: 'timers',
    disposal: disposal(snapshot, invocations.size + actions.size, settings),
    consumed: progress.consumed,
    entered: state !== message.state,
    journal: journal.slice(-settings.journal),
    forget,
    transitions: progress.transitions,
  }
  return {
    message: {
      ...message,
      snapshot,
      state,
      invocations,
      actions,
      timers: progress.timers,
      inbox: message.inbox.slice(progress.consumed),
      fields: { ...next, [FIELD.input]: message.fields[FIELD.input] ?? '' },
      revision: message.revision + 1,
      journal: [
        ...message.journal.filter((line) => !forget.includes(line)),
        ...entry.journal.map((line) => ({ ...line, at: 0 })),
      ],
    },
    entry,
    started,
    stopped: progress.stopped,
    actions: [...progress.actions.values()].filter(({ started: begun }) => !begun),
    effects: progress.effects.filter(({ type }) => type === 'log' || type === 'send'),
  }
}

const nextSeq = (message: LiveMessage): number => (message.journal.at(-1)?.seq ?? -1) + 1
const storedTimer = ({ nonce, id, event, due = 0 }: Timer): StoredTimer => ({
  nonce,
  text: timerText(id, event),
  due,
})
export const timerToSet = ({ nonce, id, event, delay = 0 }: Timer): TimerToSet => ({
  nonce,
  text: timerText(id, event),
  delay,
})

export function earliest(timers: readonly Timer[]): { earliest?: number } {
  const dues = timers.flatMap(({ due }) => due ?? [])
  return dues.length === 0 ? {} : { earliest: Math.min(...dues) }
}

function disposal(snapshot: AnyMachineSnapshot, running: number, settings: AdvanceSettings): Disposal {
  // What still runs here, a last action of a finished machine too, is waited for.
  if (running > 0) return 'keep'
  if (settledTags(snapshot) && settings.removes(tagsOf(snapshot))) return 'remove'
  return snapshot.status === 'active' ? 'release' : 'settle'
}

/** A message is settled when its machine is finished, or rests in a state that says so by its tag (and may be left again). */
const settledTags = (snapshot: AnyMachineSnapshot): boolean =>
  snapshot.status !== 'active' || snapshot.hasTag('settled')

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
  const { error, ...rest } = note
  return {
    ...rest,
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

function errorOf(event: EventData, snapshot: AnyMachineSnapshot): ErrorSummary | undefined {
  const error: unknown = event.type.startsWith('xstate.error.') ? event['error'] : snapshot.error
  if (error === undefined) return undefined
  if (typeof error !== 'object' || error === null) return { name: 'Error', message: show(error) }
  const { name = 'Error', message = '', code } = error as Record<string, unknown>
  return { name: String(name), message: String(message).slice(0, 1000), ...(typeof code === 'string' ? { code } : {}) }
}
