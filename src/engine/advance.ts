import type { AnyMachineSnapshot } from 'xstate'
import type { EventData } from '../message.ts'
import {
  FAILED,
  type CommitEntry,
  type Disposal,
  type Fields,
  type StoredTimer,
  type TimerToSet,
} from '../store/store.ts'
import type { PendingAction } from './action.ts'
import type { Effect } from './effects.ts'
import { failureText, stayFailed } from './failure.ts'
import type { Redaction } from '../redaction.ts'
import { isSettled } from './parent.ts'
import { begin, take, type Progress } from './progress.ts'
import { hidden, quarantine } from './quarantine.ts'
import { tagsOf } from './registry.ts'
import { changedFields, constantFields, FIELD, persist, timerText, type LiveMessage, type Timer } from './snapshot.ts'
import type { Invocation } from './invocation.ts'
import type { LeasePolicy } from './lease-policy.ts'
import { toEvent, type Stimulus } from './stimulus.ts'
import type { TakeStep } from './transition.ts'

/** Who advances a message, and under which bounds. */
export interface AdvanceSettings {
  readonly worker: string
  /** Entries of the journal to keep. */
  readonly journal: number
  /** Bytes of each entry for what changed in the context; without it, that is not kept. */
  readonly contexts?: number | undefined
  /** How often an invocation or action is run again whose worker was lost. Default: as its machine says, else three times. */
  readonly leases?: LeasePolicy | undefined
  /** What may not stand in the reason for which a message is put aside. */
  readonly redaction?: Redaction | undefined
  /** Takes the steps of a message of one actor. Default: XState itself. */
  readonly takeStep?: TakeStep | undefined
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
      return setAside(message, toEvent(progress.pending, stimulus) ?? { type: stimulus.type }, cause, settings)
    }
    if (progress.snapshot.status !== 'active' && progress.pending.actions.size === 0) break
  }
  try {
    return settle(message, progress, settings)
  } catch (cause) {
    // The context, the output or an input of these steps cannot be stored: the last of them is the best guess.
    const last = stimuli.at(-1)
    return setAside(message, (last && toEvent(message, last)) ?? { type: last?.type ?? 'none' }, cause, settings)
  }
}

/** One that is just being redriven is still stored as failed, and stays so: nothing of it may be in quarantine. */
function setAside(message: LiveMessage, event: EventData, cause: unknown, settings: AdvanceSettings): Advanced {
  if (message.state !== FAILED || message.snapshot.status === 'error')
    return quarantine(message, event, cause, settings)
  const stored = { ...message, fence: `${message.revision}:${message.token}` }
  const entry = stayFailed(stored, hidden(message, cause, settings), settings)
  return { message, entry, started: [], stopped: [], actions: [], effects: [] }
}

/** Works out the one commit of all the steps, and the message as it will be after it. */
function settle(message: LiveMessage, progress: Progress, settings: AdvanceSettings): Advanced {
  const { snapshot, state, pending } = progress
  const before = new Map([...message.invocations.values()].map(({ nonce, running }) => [nonce, running]))
  const started = [...pending.invocations.values()].filter(({ nonce }) => before.get(nonce) !== true)
  const invocations = new Map(
    [...pending.invocations].map(([id, invocation]) => [id, { ...invocation, running: true }]),
  )
  const actions = new Map([...pending.actions].map(([nonce, action]) => [nonce, { ...action, started: true }]))
  const input = progress.edited ? progress.edited.input : message.input
  const constant = constantFields(message.fields, progress.edited)
  const next: Record<string, string> = {
    ...persist(message.machine, snapshot, input, { invocations, actions, joins: pending.joins }),
    ...(progress.edited ? constant : {}),
  }
  const failure = failureOf(message, progress, next)
  if (failure !== undefined) next[FIELD.failure] = failure
  const kept = new Set([...pending.timers.values()].map(({ nonce }) => nonce))
  const known = new Set([...message.timers.values()].map(({ nonce }) => nonce))
  const journal = progress.journal.map((text, i) => ({ seq: nextSeq(message) + i, text }))
  const forget = message.journal.filter(({ seq }) => seq <= nextSeq(message) + journal.length - 1 - settings.journal)
  const entry: CommitEntry = {
    id: message.id,
    fence: `${message.revision}:${message.token}`,
    state,
    changes: changedFields(message.fields, next),
    setTimers: [...pending.timers.values()].filter(({ nonce }) => !known.has(nonce)).map(timerToSet),
    clearTimers: [...message.timers.values()].filter(({ nonce }) => !kept.has(nonce)).map(storedTimer),
    ...earliest([...pending.timers.values()]),
    attention: 'timers',
    disposal: disposal(snapshot, invocations.size + actions.size, settings),
    consumed: progress.consumed,
    entered: state !== message.state,
    journal: journal.slice(-settings.journal),
    forget,
    transitions: progress.transitions,
    ...largeOf(progress, settings),
  }
  return {
    message: {
      ...message,
      snapshot,
      input,
      state,
      invocations,
      actions,
      joins: pending.joins,
      timers: pending.timers,
      inbox: message.inbox.slice(progress.consumed),
      fields: { ...next, ...constant },
      revision: message.revision + 1,
      journal: [
        ...message.journal.filter((line) => !forget.includes(line)),
        ...entry.journal.map((line) => ({ ...line, at: 0 })),
      ],
    },
    entry,
    started,
    stopped: progress.stopped,
    actions: [...pending.actions.values()].filter(({ started: begun }) => !begun),
    effects: progress.effects.filter(({ type }) => type === 'log' || type === 'send'),
  }
}

/** What is kept of one that has just failed, or that failed before and has last actions to run. */
function failureOf(message: LiveMessage, { failed, snapshot }: Progress, next: Fields): string | undefined {
  if (snapshot.status !== 'error') return undefined
  return failed ? failureText(message, failed.good, failed.event, next) : message.fields[FIELD.failure]
}

/** What the feed refers to and the message itself will not have: what was emitted, and the output of one that leaves nothing behind. */
function largeOf({ large, snapshot }: Progress, settings: AdvanceSettings): Pick<CommitEntry, 'large'> {
  if (!large) return {}
  const removes = isSettled(snapshot) && settings.removes(tagsOf(snapshot))
  const kept = removes ? large : large.filter(({ name }) => !name.startsWith('o:'))
  return kept.length > 0 ? { large: kept } : {}
}

const nextSeq = (message: LiveMessage): number => (message.journal.at(-1)?.seq ?? -1) + 1
const storedTimer = ({ nonce, id, event, due = 0 }: Timer): StoredTimer => ({
  nonce,
  text: timerText(id, event),
  due,
})
export const timerToSet = ({ nonce, id, event, delay = 0, due }: Timer): TimerToSet => ({
  nonce,
  text: timerText(id, event),
  delay,
  ...(due === undefined ? {} : { due }),
})

export function earliest(timers: readonly Timer[]): { earliest?: number } {
  const dues = timers.flatMap(({ due }) => due ?? [])
  return dues.length === 0 ? {} : { earliest: Math.min(...dues) }
}

function disposal(snapshot: AnyMachineSnapshot, running: number, settings: AdvanceSettings): Disposal {
  // What still runs here, a last action of a finished machine too, is waited for.
  if (running > 0) return 'keep'
  if (isSettled(snapshot) && settings.removes(tagsOf(snapshot))) return 'remove'
  // What waits in the inbox of one that failed is kept for when it is redriven.
  return snapshot.status === 'active' || snapshot.status === 'error' ? 'release' : 'settle'
}
