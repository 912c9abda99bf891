import type { AnyMachineSnapshot, StateValue } from 'xstate'
import { decode, encode } from '../codec.ts'
import { isEvent } from '../events/mail-text.ts'
import type { EventData, Status } from '../message.ts'
import { show } from '../options.ts'
import { partOf } from '../unreadable.ts'
import type { ClaimedMessage, FieldChange, Fields, StoredJournalEntry, StoredTimer } from '../store/store.ts'
import type { AnyStateNode } from './nodes.ts'
import { contextAt } from './acquaintance.ts'
import { actionText, restoreActions, type PendingAction } from './action.ts'
import type { Edited } from './edit.ts'
import { invocationText, isRecord, isReference, restoreInvocations, type Invocation } from './invocation.ts'
import { compareNonces } from './nonce.ts'
import { encodeError } from './storable.ts'
import { checkReadable } from './readable-message.ts'
import { joinFields, restoreJoins, type Joins } from './join.ts'
import { childStub, type DurableMachine } from './registry.ts'

/** A timer of a message. `nonce` is new for each setting, so that a late one can be told from its successor. */
export interface Timer {
  readonly nonce: string
  readonly id: string
  readonly event: EventData
  /** Milliseconds by the clock of the store; not known before the commit that sets it. */
  readonly due?: number
  readonly delay?: number
}

/** A stored message brought to life: what the next step needs, and what was stored last, to write only what changes. */
export interface LiveMessage {
  readonly id: string
  readonly machine: DurableMachine
  readonly revision: number
  readonly token: string
  readonly state: string
  readonly snapshot: AnyMachineSnapshot
  readonly input: unknown
  /** By XState's id of the timer. */
  readonly timers: ReadonlyMap<string, Timer>
  /** By XState's id of the child. */
  readonly invocations: ReadonlyMap<string, Invocation>
  /** Custom actions that are still to be run, by nonce. */
  readonly actions: ReadonlyMap<string, PendingAction>
  /** Children that it started, by the nonce of their start. */
  readonly joins: Joins
  /** Texts, as they lie in the inbox. */
  readonly inbox: readonly string[]
  readonly fields: Fields
  readonly journal: readonly StoredJournalEntry[]
  readonly createdAt: number
}

/**
 * Names of the fields that the engine writes. One letter each: a queue of a million messages holds each of them a million times.
 * An invocation is `I<nonce>`, a custom action that is still to be run `A<nonce>`; timers and the journal have places of their own in the store.
 */
export const FIELD = Object.freeze({
  machine: 'm',
  input: 'p',
  /** What was sent, where the input was edited since. */
  sentInput: 'P',
  context: 'c',
  history: 'h',
  status: 'x',
  output: 'u',
  error: 'e',
  quarantine: 'q',
  failure: 'F',
  invocation: 'I',
  action: 'A',
  actors: 'K',
  parent: 'f',
  join: 'G',
  result: 'R',
})

/**
 * Brings a claimed message to life, from a template of its state.
 * @throws when a state or an invoked source does not exist in this version of the machine, or a field is broken.
 */
export function restore(machine: DurableMachine, stored: ClaimedMessage): LiveMessage {
  const message = restoreAnywhere(machine, stored)
  for (const { src } of message.invocations.values()) {
    if (!machine.sources.includes(src)) throw new Error(`${machine.ref} does not invoke "${src}"`)
  }
  const history = stored.fields[FIELD.history]
  const historyValue =
    history === undefined ? {} : machine.historyValue(decode(history) as Record<string, readonly string[]>)
  if (machine.system && message.snapshot.status === 'active') {
    const value = machine.template(stored.state).value as StateValue
    const root = { status: 'active', value, context: message.snapshot.context as object, historyValue: {} }
    const revived: object = machine.system.revive({ ...root, actors: stored.fields[FIELD.actors] })
    const snapshot = { ...revived, historyValue } as AnyMachineSnapshot
    return { ...message, snapshot, actions: pendingActions(machine, stored.fields, snapshot) }
  }
  const resting = machine.template(stored.state)
  const children = [...message.invocations.values()].map(({ id, src }) => [id, childStub(id, src)] as const)
  const snapshot = {
    ...message.snapshot,
    ...(resting as object),
    status: message.snapshot.status,
    context: message.snapshot.context as object,
    ...ending(stored.fields),
    children: message.snapshot.status === 'active' ? { ...endedActors(resting), ...Object.fromEntries(children) } : {},
    historyValue,
  } as AnyMachineSnapshot
  return { ...message, snapshot }
}

/** What a state invokes and does not run any more has ended. XState remembers it until the state is left, so that what is sent to it is no fault. */
function endedActors({ _nodes: nodes }: AnyMachineSnapshot): object {
  const invokes = (nodes as readonly AnyStateNode[]).flatMap(({ invoke }) => invoke)
  return Object.fromEntries(invokes.map(({ id, src }) => [id, childStub(id, src as string)]))
}

/** The same without its place in the machine, which may have none for it: no step can be taken before it is given one. */
export function restoreAnywhere(machine: DurableMachine, stored: ClaimedMessage): LiveMessage {
  checkReadable(stored, stored.fields[FIELD.status])
  const input = decode(stored.fields[FIELD.input] ?? '')
  const context = decodeContext(stored.fields[FIELD.context] ?? '\n{}', input)
  const snapshot = { status: (stored.fields[FIELD.status] ?? 'active') as Status, context } as AnyMachineSnapshot
  return {
    id: stored.id,
    machine,
    revision: stored.revision,
    token: stored.fence.slice(stored.fence.indexOf(':') + 1),
    state: stored.state,
    snapshot,
    input,
    timers: restoreTimers(stored.timers),
    invocations: restoreInvocations(stored.fields, FIELD.invocation, input),
    actions: pendingActions(machine, stored.fields, snapshot),
    joins: restoreJoins(stored.fields, FIELD),
    inbox: stored.inbox,
    fields: stored.fields,
    journal: stored.journal,
    createdAt: stored.createdAt,
  }
}

const pendingActions = (machine: DurableMachine, fields: Fields, snapshot: AnyMachineSnapshot) =>
  restoreActions(machine.actions, FIELD.action, fields, (path) => contextAt(snapshot, path))

/** How a finished message ended: it is claimed again while its last actions have not run. */
function ending(fields: Fields): { output?: unknown; error?: unknown } {
  const { [FIELD.output]: output, [FIELD.error]: error } = fields
  return {
    ...(output === undefined ? {} : { output: decode(output) }),
    ...(error === undefined ? {} : { error: decode(error) }),
  }
}

/** The fields of a snapshot and its invocations, as texts. */
export function persist(
  machine: DurableMachine,
  snapshot: AnyMachineSnapshot,
  input: unknown,
  { invocations, actions, joins }: Pick<LiveMessage, 'invocations' | 'actions' | 'joins'>,
): Record<string, string> {
  const { context, actors } = machine.system?.persist(snapshot) ?? { context: snapshot.context as object }
  const fields: Record<string, string> = {
    [FIELD.machine]: machine.ref,
    [FIELD.context]: encodeContext(context as Record<string, unknown>, input),
  }
  if (actors !== undefined) fields[FIELD.actors] = actors
  const history = historyText(snapshot)
  if (history !== undefined) fields[FIELD.history] = history
  if (snapshot.status !== 'active') fields[FIELD.status] = snapshot.status
  if (snapshot.output !== undefined) fields[FIELD.output] = encode(snapshot.output, 'output')
  if (snapshot.status === 'error') fields[FIELD.error] = encodeError(snapshot.error)
  for (const action of actions.values()) {
    if (machine.actions.name(action) !== undefined)
      fields[FIELD.action + action.nonce] = actionText(machine.actions, action, contextAt(snapshot, action.at))
  }
  for (const invocation of invocations.values())
    fields[FIELD.invocation + invocation.nonce] = invocationText(invocation, input)
  return joins.size === 0 ? fields : { ...fields, ...joinFields(joins, FIELD) }
}

/** Fields that only an edit changes, and that are not among the `next` ones of any other commit. */
const CONSTANT: ReadonlySet<string> = new Set([FIELD.input, FIELD.sentInput, FIELD.parent])

/** What a commit leaves as it is, but for the input that an edit brings: it is written beside the one that was sent, which outlives every edit. */
export function constantFields(fields: Fields, edited?: Edited): Record<string, string> {
  const constant = Object.fromEntries(Object.entries(fields).filter(([field]) => CONSTANT.has(field)))
  if (!edited) return constant
  const sent = fields[FIELD.sentInput] ?? fields[FIELD.input] ?? ''
  return { ...constant, [FIELD.input]: encode(edited.input, 'input'), [FIELD.sentInput]: sent }
}

/** What differs between two sets of fields. */
export function changedFields(previous: Fields, next: Fields): FieldChange[] {
  const changes: FieldChange[] = []
  for (const [field, value] of Object.entries(next)) {
    const before = previous[field]
    if (before !== value) changes.push({ field, value, ...(before === undefined ? {} : { previous: before }) })
  }
  for (const [field, before] of Object.entries(previous)) {
    if (!(field in next) && !CONSTANT.has(field)) changes.push({ field, previous: before })
  }
  return changes
}

/**
 * Context as text: the keys whose values are the very ones of the input, a line feed, and all others encoded. So a payload that
 * is handed through the context is stored once, and a commit that changes a counter does not write it again.
 */
function encodeContext(context: Record<string, unknown>, input: unknown): string {
  const shared = Object.keys(context).filter((key) => isShared(context[key], key, input))
  const own =
    shared.length === 0 ? context : Object.fromEntries(Object.entries(context).filter(([key]) => !shared.includes(key)))
  return `${shared.map(encodeURIComponent).join(',')}\n${encode(own, 'context')}`
}

function isShared(value: unknown, key: string, input: unknown): boolean {
  return isRecord(value) && isRecord(input) && isReference(key) && Object.hasOwn(input, key) && input[key] === value
}

export function decodeContext(text: string, input: unknown): Record<string, unknown> {
  const line = text.indexOf('\n')
  const own = decode(text.slice(line + 1))
  if (!isRecord(own) || Array.isArray(own)) throw new Error(`its context is ${show(own)}, no object`)
  if (line === 0 || !isRecord(input)) return own
  const keys = text.slice(0, line).split(',').map(decodeURIComponent)
  return { ...Object.fromEntries(keys.map((key) => [key, partOf(input, key)])), ...own }
}

function historyText(snapshot: AnyMachineSnapshot): string | undefined {
  const entries = Object.entries(snapshot.historyValue).map(([id, nodes]) => [id, nodes.map((node) => node.id)])
  return entries.length === 0 ? undefined : encode(Object.fromEntries(entries), 'history')
}

/** `id`, or `id`, a line feed and the event where that is more than its type. */
export function timerText(id: string, event: EventData): string {
  const plain = event.type === id && Object.keys(event).length === 1 && !id.includes('\n')
  return plain ? id : `${id}\n${encode(event, `event of timer ${id}`)}`
}

/** By their time, those of one time in the order in which they were set: a hash that is no listpack has forgotten it. */
function restoreTimers(stored: readonly StoredTimer[]): Map<string, Timer> {
  const ordered = stored.toSorted((a, b) => a.due - b.due || compareNonces(a.nonce, b.nonce))
  return new Map(ordered.map(({ nonce, text, due }) => restoreTimer(nonce, text, due)))
}

function restoreTimer(nonce: string, text: string, due: number): [string, Timer] {
  // The last one, because an event is of one line, and an id may have several.
  const line = text.lastIndexOf('\n')
  const id = line < 0 ? text : text.slice(0, line)
  const event = line < 0 ? { type: id } : decode(text.slice(line + 1))
  if (!isEvent(event)) throw new Error(`its timer ${show(id)} has no event`)
  return [id, { nonce, id, event, due }]
}
