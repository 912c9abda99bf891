import type { AnyMachineSnapshot, StateValue } from 'xstate'
import { encode } from '../codec.ts'
import { journalText } from '../events/journal-text.ts'
import { encodeTransition } from '../events/transition-text.ts'
import type { ErrorSummary, EventData } from '../message.ts'
import { show } from '../options.ts'
import { FAILED, QUARANTINED } from '../store/store.ts'
import { withNames } from './action.ts'
import { refuseStrangers } from './actors.ts'
import type { Advanced, AdvanceSettings } from './advance.ts'
import type { Effect } from './effects.ts'
import { fold, type Pending } from './fold.ts'
import { acceptsEvent, tagsOf } from './registry.ts'
import type { Invocation, LiveMessage, Timer } from './snapshot.ts'
import { stateName } from './state-name.ts'
import { eventLabel, toEvent, type Stimulus } from './stimulus.ts'
import { inDocumentOrder, restsIn, step } from './transition.ts'

/** A message under way through several steps. */
export interface Progress extends Pending {
  readonly snapshot: AnyMachineSnapshot
  readonly state: string
  readonly journal: readonly string[]
  readonly transitions: readonly string[]
  readonly effects: readonly Effect[]
  readonly stopped: Advanced['stopped']
  readonly consumed: number
}

export function begin({ snapshot, state, timers, invocations, actions, revision }: LiveMessage): Progress {
  const pending = {
    timers: new Map(timers),
    invocations: new Map(invocations),
    actions: new Map(actions),
    noncePrefix: revision.toString(36),
    nonces: 0,
  }
  return { ...pending, snapshot, state, journal: [], transitions: [], effects: [], stopped: [], consumed: 0 }
}

export function take(message: LiveMessage, before: Progress, stimulus: Stimulus, settings: AdvanceSettings): Progress {
  if (stimulus.type === 'moved') return relocate(message, before, stimulus, settings)
  if (stimulus.type === 'ran') return { ...before, actions: withoutNonces(before.actions, stimulus.nonces) }
  const consumed = before.consumed + (stimulus.type === 'event' ? 1 : 0)
  // A finished machine hears of nothing any more; only its last actions are still to be run.
  if (before.snapshot.status !== 'active') return { ...before, consumed }
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
  const label = eventLabel(message.machine.id, event.type)
  const recorded = { label, from: before.state, state, error: errorOf(event, snapshot) }
  return {
    ...record(message, before, { ...pending, snapshot, effects, by: stimulus, ...recorded }, settings),
    consumed,
  }
}

/** The message was brought somewhere else from outside of its machine; nothing is asked of XState. */
function relocate(
  message: LiveMessage,
  before: Progress,
  moved: Extract<Stimulus, { type: 'moved' }>,
  settings: AdvanceSettings,
): Progress {
  const { snapshot, effects, label } = moved
  const pending = fold(before, effects, snapshot.status)
  const state = stateName(snapshot.value as StateValue)
  const from = label === 'release' ? QUARANTINED : before.state
  return record(
    message,
    before,
    { ...pending, snapshot, effects: [], by: moved, label, from, state, error: undefined },
    settings,
  )
}

interface Recorded extends Pending {
  readonly snapshot: AnyMachineSnapshot
  readonly effects: readonly Effect[]
  readonly by: Stimulus
  readonly label: string
  readonly from: string
  readonly state: string
  readonly error: ErrorSummary | undefined
}

/** Adds a step to the progress: its journal line, its transition, and what it asks for. */
function record(message: LiveMessage, before: Progress, step: Recorded, settings: AdvanceSettings): Progress {
  const { timers, invocations, actions, noncePrefix, nonces, snapshot, effects, by, label, from, state, error } = step
  const emitted = effects.filter((effect) => effect.type === 'emit').map((effect) => effect.event)
  const draft = transitionDraft(message, snapshot, { event: label, error, from, to: state, emitted }, settings)
  const pending = { timers, invocations, actions, noncePrefix, nonces }
  return {
    ...before,
    ...pending,
    snapshot,
    state,
    journal: [...before.journal, journalText(label, state, settings.worker, error)],
    transitions: [...before.transitions, encodeTransition(draft)],
    effects: [...before.effects, ...effects],
    stopped: [...before.stopped, ...stoppedBy(before, pending, by)],
  }
}

const withoutNonces = <T>(entries: ReadonlyMap<string, T>, nonces: readonly string[]): Map<string, T> =>
  new Map([...entries].filter(([nonce]) => !nonces.includes(nonce)))

/** A timer that fired and an invocation that ended are over, whatever the machine makes of it. */
function forget(progress: Progress, stimulus: Stimulus): Progress {
  if (!('nonce' in stimulus)) return progress
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
