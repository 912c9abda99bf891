import type { AnyMachineSnapshot, StateValue } from 'xstate'
import { changesText, type Context } from '../events/context-changes.ts'
import { journalText } from '../events/journal-text.ts'
import { writeTransition } from '../events/transition-text.ts'
import type { ErrorSummary, EventData } from '../message.ts'
import { FAILED, QUARANTINED, type LargeText } from '../store/store.ts'
import { withNames } from './action.ts'
import type { Path } from './address.ts'
import { refuseStrangers } from './actors.ts'
import type { Advanced, AdvanceSettings } from './advance.ts'
import { editIn, followInput, isSame, type Edited } from './edit.ts'
import type { Effect } from './effects.ts'
import { fold, type Pending } from './fold.ts'
import { CHILD, childRef, hearChild, judge, readReport, type ChildReport, type Verdict } from './join.ts'
import { OUTGOING, outgoingEffect, type CancelParams } from './outgoing.ts'
import { isSettled, reportOf } from './parent.ts'
import { acceptsEvent, isTaken } from './registry.ts'
import { afterLoss } from './lost-lease.ts'
import { forget, withoutActions } from './pending.ts'
import { FIELD, type LiveMessage } from './snapshot.ts'
import { stateName } from './state-name.ts'
import { errorSummary } from './storable.ts'
import { eventLabel, toActor, toEvent, type Stimulus } from './stimulus.ts'
import { errorOf, transitionDraft } from './transition-draft.ts'
import { inDocumentOrder, restsIn, step, type Step } from './transition.ts'

/**
 * A message under way through several steps. What is pending is an object of its own, and new objects are written out rather than
 * spread: this runs twice for every message, and copies were a third of its time.
 */
export interface Progress {
  readonly pending: Pending
  readonly snapshot: AnyMachineSnapshot
  readonly state: string
  readonly journal: readonly string[]
  readonly transitions: readonly string[]
  /** Parts of them that are too large for the feed; seldom any. */
  readonly large?: readonly LargeText[] | undefined
  readonly effects: readonly Effect[]
  readonly stopped: Advanced['stopped']
  readonly consumed: number
  /** The input that it has from now on, where it was replaced. */
  readonly edited: Edited | undefined
  /** What it was before its machine ended in an error, and what it could not take. */
  readonly failed?: { readonly good: Progress; readonly event: string }
}

export function begin({ snapshot, state, timers, invocations, actions, joins, revision }: LiveMessage): Progress {
  const pending = { timers, invocations, actions, joins, noncePrefix: revision.toString(36), nonces: 0 }
  const nothing = { journal: [], transitions: [], effects: [], stopped: [], consumed: 0, edited: undefined }
  return { pending, snapshot, state, ...nothing }
}

/** One that ends in an error takes nothing: the event that it could not take stays in the inbox, for when it is redriven. */
export function take(message: LiveMessage, before: Progress, stimulus: Stimulus, settings: AdvanceSettings): Progress {
  const after = respond(message, before, stimulus, settings)
  if (after.snapshot.status !== 'error' || before.snapshot.status === 'error') return after
  const type = toEvent(before.pending, stimulus)?.type ?? stimulus.type
  const failed = { good: before, event: eventLabel(message.machine.id, type) }
  return { ...after, consumed: before.consumed, failed }
}

function respond(message: LiveMessage, before: Progress, stimulus: Stimulus, settings: AdvanceSettings): Progress {
  if (stimulus.type === 'moved') return relocate(message, before, stimulus, settings)
  if (stimulus.type === 'ran') {
    const pending = withoutActions(before.pending, stimulus.nonces)
    return hear(message, { ...before, pending }, stimulus.refused ?? [], stimulus.nonces, settings)
  }
  if (stimulus.type === 'lost') return lose(message, before, stimulus, settings)
  const consumed = before.consumed + (stimulus.type === 'event' ? 1 : 0)
  // A finished machine hears of nothing any more; only its last actions are still to be run. One that failed may be redriven.
  if (before.snapshot.status === 'error') return before
  if (before.snapshot.status !== 'active') return { ...before, consumed }
  if (stimulus.type === 'event' && stimulus.event.type === CHILD) {
    const report = readReport(stimulus.event)
    return hear(message, { ...before, consumed }, [report], [report.nonce], settings)
  }
  const edited = stimulus.type === 'event' ? editIn(stimulus.event) : undefined
  if (edited) return edit(message, { ...before, consumed }, stimulus, edited, settings)
  const event = toEvent(before.pending, stimulus)
  // An event that no state takes may lie here from another version of the machine; XState would keep memory for its type.
  const foreign = stimulus.type === 'event' && !isTaken(message.machine, stimulus)
  if (!event || foreign) return { ...before, consumed }

  const expired = withOutgoing(forget(before.pending, stimulus), stimulus)
  return react(message, before, { event, by: stimulus, expired, consumed }, settings)
}

/** The machine hears of a lost worker only where too many were lost, or where it asks for that. */
function lose(
  message: LiveMessage,
  before: Progress,
  by: Extract<Stimulus, { type: 'lost' }>,
  settings: AdvanceSettings,
): Progress {
  const { nonce } = by
  const loss = afterLoss(message.machine, before.pending, nonce, settings.leases)
  if (loss.what === 'nothing') return before
  if (loss.what === 'error') return take(message, before, { type: 'error', nonce, error: loss.error }, settings)
  const { snapshot, state, consumed } = before
  // Its last actions are run again all the same; but nothing is told of a message after its end.
  if (snapshot.status !== 'active') return { ...before, pending: loss.pending }
  const [label, error] = [`lost ${loss.name}`.slice(0, 100), errorSummary(loss.error)]
  const taken = { pending: loss.pending, snapshot, effects: [], by, label, from: state, state, error, consumed }
  return record(message, before, taken, settings)
}

interface Happening {
  readonly event: EventData
  readonly by: Stimulus
  /** The actor that it is for, in a message of several; default as the stimulus says. */
  readonly to?: Path | undefined
  /** What is pending without that which has just come to its end. */
  readonly expired: Pending
  readonly consumed: number
}

/** The machine takes its step. */
function react(
  message: LiveMessage,
  before: Progress,
  { event, by, to, expired, consumed }: Happening,
  settings: AdvanceSettings,
): Progress {
  const { snapshot: entered, effects, changed } = stepOf(message, before, { event, by, to }, settings)
  if (!changed) return { ...before, pending: expired, consumed }

  const snapshot = inDocumentOrder(entered)
  refuseStrangers(message.machine, before.snapshot.children as object, snapshot, effects)
  const pending = fold(expired, withNames(message.machine.actions, effects), snapshot.status)
  const state = snapshot.status === 'error' ? FAILED : stateName(snapshot.value as StateValue)
  // XState can be led to where no message could be brought to life again: then it must not be stored there.
  if (snapshot.status === 'active' && !restsIn(snapshot, message.machine.template(state)))
    throw new Error(`"${state}" is no resting place of ${message.machine.id}: transitions of its regions contend`)
  const label = eventLabel(message.machine.machine.id, event.type)
  const error = errorOf(event, snapshot)
  const taken = { pending, snapshot, effects, by, label, from: before.state, state, error, consumed }
  return record(message, before, taken, settings)
}

/** In a message of several actors, what a worker or a timer tells goes to the actor that asked for it. */
function stepOf(
  { id, machine }: LiveMessage,
  { snapshot, pending }: Progress,
  { event, by, to }: Pick<Happening, 'event' | 'by' | 'to'>,
  { takeStep }: AdvanceSettings,
): Step {
  const { system } = machine
  if (!system) return takeStep ? takeStep(machine, snapshot, event, id) : step(machine.machine, snapshot, event, id)
  const told = toActor(pending, by, event)
  return system.step(snapshot, to ?? told.to, told.event, id)
}

/** Children have ended, or could not be started: what of it concerns the machine is raised in this very commit, so it hears of it once. */
function hear(
  message: LiveMessage,
  before: Progress,
  reports: readonly ChildReport[],
  nonces: readonly string[],
  settings: AdvanceSettings,
): Progress {
  if (before.pending.joins.size === 0 || before.snapshot.status !== 'active') return before
  const joins = reports.reduce((all, report) => hearChild(all, message.createdAt, report), before.pending.joins)
  let progress: Progress = { ...before, pending: { ...before.pending, joins } }
  for (const nonce of new Set(nonces)) {
    const join = joins.get(nonce)
    const verdict = join && judge(join, (index) => childRef(join, message, index))
    if (verdict) progress = pronounce(message, progress, verdict, settings)
  }
  return progress
}

function pronounce(
  message: LiveMessage,
  before: Progress,
  { join, events, cancelled }: Verdict,
  settings: AdvanceSettings,
): Progress {
  const params: CancelParams = { children: cancelled }
  const asked = cancelled.length === 0 ? [] : [outgoingEffect({ name: OUTGOING.cancel, params })]
  const joins = new Map(before.pending.joins).set(join.nonce, join)
  let progress: Progress = { ...before, pending: fold({ ...before.pending, joins }, asked, 'active') }
  for (const event of events) {
    if (progress.snapshot.status !== 'active' || (!join.at && !acceptsEvent(message.machine, event.type))) continue
    const by: Stimulus = { type: 'event', event: { ...event } }
    const { pending: expired, consumed } = progress
    progress = react(message, progress, { event: { ...event }, by, to: join.at, expired, consumed }, settings)
  }
  return progress
}

/** The message was brought somewhere else from outside of its machine; nothing is asked of XState. */
function relocate(
  message: LiveMessage,
  before: Progress,
  moved: Extract<Stimulus, { type: 'moved' }>,
  settings: AdvanceSettings,
): Progress {
  const { snapshot, label } = moved
  const pending = fold(before.pending, moved.effects, snapshot.status)
  const state = stateName(snapshot.value as StateValue)
  const from = label === 'release' ? QUARANTINED : before.state
  const { consumed } = before
  const taken = { pending, snapshot, effects: [], by: moved, label, from, state, error: undefined, consumed }
  return { ...record(message, before, taken, settings), edited: moved.edited ?? before.edited }
}

/** Only at rest: what goes on has begun with the input that it had. One that says what is so already, because it came twice, is nothing. */
function edit(
  message: LiveMessage,
  before: Progress,
  by: Stimulus,
  edited: Edited,
  settings: AdvanceSettings,
): Progress {
  const { pending, state, consumed } = before
  const current = before.edited ? before.edited.input : message.input
  if (!before.snapshot.hasTag('settled') || isSame(current, edited.input)) return before
  const snapshot = followInput(message.machine, before.snapshot, current, edited.input)
  const taken = { pending, snapshot, effects: [], by, label: 'edit', from: state, state, error: undefined, consumed }
  return { ...record(message, before, taken, settings), edited }
}

interface Taken {
  readonly pending: Pending
  readonly snapshot: AnyMachineSnapshot
  readonly effects: readonly Effect[]
  readonly by: Stimulus
  readonly label: string
  readonly from: string
  readonly state: string
  readonly error: ErrorSummary | undefined
  readonly consumed: number
}

/** Adds a step to the progress: its journal line, its transition, and what it asks for. */
function record(message: LiveMessage, before: Progress, taken: Taken, settings: AdvanceSettings): Progress {
  const { snapshot, effects, by, label, from, state, error, consumed } = taken
  const pending = withReport(message, before, taken)
  const emitted = effects.flatMap((effect) => (effect.type === 'emit' ? [effect.event] : []))
  const input = before.edited ? before.edited.input : message.input
  const changes = changesText(before.snapshot.context as Context, snapshot.context as Context, input, settings.contexts)
  const draft = transitionDraft(message, snapshot, { event: label, error, from, to: state, emitted }, settings)
  const { text, large } = writeTransition(draft)
  return {
    pending,
    snapshot,
    state,
    consumed,
    journal: [...before.journal, journalText(label, state, settings.worker, error, changes)],
    transitions: [...before.transitions, text],
    large: large ? [...(before.large ?? []), ...large] : before.large,
    effects: [...before.effects, ...effects],
    stopped: [...before.stopped, ...stoppedBy(before.pending, pending, by)],
    edited: before.edited,
  }
}

/** A child that comes to its end tells its parent of it; one that is redriven may do so again. */
function withReport(message: LiveMessage, before: Progress, { pending, snapshot, state, error }: Taken): Pending {
  if (message.fields[FIELD.parent] === undefined || !isSettled(snapshot)) return pending
  const rested = before.state === state && before.snapshot.status === snapshot.status && isSettled(before.snapshot)
  return rested ? pending : fold(pending, [reportOf(snapshot, state, error)], snapshot.status)
}

/** What a handler asked for while it ran becomes pending with its success. */
function withOutgoing(pending: Pending, stimulus: Stimulus): Pending {
  if (stimulus.type !== 'done' || !stimulus.outgoing?.length) return pending
  return fold(pending, stimulus.outgoing.map(outgoingEffect), 'active')
}

function stoppedBy(before: Pending, after: Pending, by: Stimulus): Advanced['stopped'] {
  if (before.invocations.size === 0) return []
  const alive = new Set([...after.invocations.values()].map(({ nonce }) => nonce))
  const ended = 'nonce' in by && by.type !== 'timer' ? by.nonce : undefined
  return [...before.invocations.values()]
    .filter(({ nonce }) => !alive.has(nonce) && nonce !== ended)
    .map((invocation) => ({ invocation, by }))
}
