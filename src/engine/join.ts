import { createHash } from 'node:crypto'
import type { AllDoneEvent, AnyFailedEvent, ChildResult, FailedPolicy, MessageRef } from '../../machines/index.ts'
import type { StartParams } from '../../machines/talk.ts'
import { decode } from '../codec.ts'
import type { ErrorSummary, EventData } from '../message.ts'
import { DEFAULTS } from '../options.ts'
import type { Fields } from '../store/store.ts'
import { samePath, type Path } from './address.ts'
import { compareNonces } from './nonce.ts'

/** The children of one start, and how those ended that have. It is a part of the parent, so its commits count each child once. */
export interface Join {
  /** Of the action that starts the children. */
  readonly nonce: string
  readonly name: string
  readonly failed: FailedPolicy
  readonly children: readonly { readonly queue: string; readonly id?: string }[]
  /** By the place of the child; empty once it is over. */
  readonly results: ReadonlyMap<number, Ending>
  /** The actor that started them, in a message of several, where it is not the root: it is the one that hears. */
  readonly at?: Path
  /** Whether the machine has heard `anyFailed`. */
  readonly told: boolean
  /** Nothing is waited for any more: how each child had ended then, `+` done, `-` failed, `?` not at all. */
  readonly over?: string
}

/** How a child ended, as it is stored. */
export interface Ending {
  /** Revision of the child: a redriven one ends again, and the later end counts. 0 for one that could not be started. */
  readonly at: number
  readonly failed: boolean
  /** Output or error, by the codec. */
  readonly text: string
}

/** The end of a child, on its way to the join. */
export interface ChildReport extends Ending {
  /** When the parent was stored that the child means. */
  readonly born: number
  readonly nonce: string
  readonly index: number
}

export type Joins = ReadonlyMap<string, Join>

/** What starts children, and for which actor. */
export interface StartAt extends StartParams {
  readonly at?: Path
}

/** Joins that are over and still shown. */
const KEPT = 10

/** The event by which a child tells of its end. No machine hears of it. */
export const CHILD = 'redrive.child'

export const reportEvent = (report: ChildReport): EventData => ({ ...report, type: CHILD })

export function readReport({ born, nonce, index, at, failed, text }: EventData): ChildReport {
  return {
    born: Number(born),
    nonce: String(nonce),
    index: Number(index),
    at: Number(at),
    failed: failed === true,
    text: String(text),
  }
}

export function openJoin(joins: Joins, nonce: string, { join: name, failed, children, at }: StartAt): Joins {
  const others = [...joins.values()].filter((join) => join.name !== name || !samePath(join.at ?? [], at ?? []))
  const ended = others.filter(({ over }) => over !== undefined)
  const kept = others.filter((join) => join.over === undefined || ended.indexOf(join) >= ended.length - KEPT)
  const places = children.map(({ queue, id }) => ({ queue, ...(id === undefined ? {} : { id }) }))
  const join: Join = { nonce, name, failed, children: places, results: new Map(), told: false, ...(at ? { at } : {}) }
  return new Map([...kept, join].map((each) => [each.nonce, each]))
}

/** Writes down how a child ended. One that is late, or came before, changes nothing. */
export function hearChild(
  joins: Joins,
  born: number,
  { nonce, index, at, failed, text, born: meant }: ChildReport,
): Joins {
  const join = joins.get(nonce)
  if (!join || join.over !== undefined || meant !== born || !join.children[index]) return joins
  const known = join.results.get(index)
  if (known && known.at >= at) return joins
  return new Map(joins).set(nonce, { ...join, results: new Map(join.results).set(index, { at, failed, text }) })
}

/** What is to be done about a join, now that something was written down. */
export interface Verdict {
  readonly join: Join
  readonly events: readonly (AllDoneEvent | AnyFailedEvent)[]
  /** Children to cancel. */
  readonly cancelled: readonly MessageRef[]
}

/** @param place tells which message a child of the join is. */
export function judge(join: Join, place: (index: number) => MessageRef): Verdict | undefined {
  if (join.over !== undefined) return undefined
  const first = join.told || join.failed === 'collect' ? undefined : firstFailure(join)
  const complete = join.results.size === join.children.length
  if (first === undefined && !complete) return undefined
  const failure: AnyFailedEvent[] = first === undefined ? [] : [failureEvent(join, first, place)]
  if (first !== undefined && join.failed === 'cancel') {
    const cancelled = join.children.flatMap((_, i) => (join.results.has(i) ? [] : [place(i)]))
    return { join: end(join), events: failure, cancelled }
  }
  if (!complete) return { join: { ...join, told: true }, events: failure, cancelled: [] }
  return { join: end(join), events: [...failure, doneEvent(join, place)], cancelled: [] }
}

const firstFailure = ({ results }: Join): number | undefined => [...results].find(([, { failed }]) => failed)?.[0]

function end(join: Join): Join {
  const marks = join.children.map((_, i) => markOf(join.results.get(i)))
  return { ...join, told: true, over: marks.join(''), results: new Map() }
}

const markOf = (ending: Ending | undefined): string => (ending ? (ending.failed ? '-' : '+') : '?')

function failureEvent({ name, results }: Join, index: number, place: (index: number) => MessageRef): AnyFailedEvent {
  const error = decode(results.get(index)?.text ?? 'null') as ErrorSummary
  return { type: 'anyFailed', join: name, child: place(index), error }
}

function doneEvent({ name, children, results }: Join, place: (index: number) => MessageRef): AllDoneEvent {
  return { type: 'allDone', join: name, results: children.map((_, i) => resultOf(place(i), results.get(i))) }
}

function resultOf(ref: MessageRef, ending: Ending | undefined): ChildResult {
  const value = decode(ending?.text ?? 'null')
  if (!ending || ending.failed) return { ...ref, status: 'failed', error: value as ErrorSummary }
  return { ...ref, status: 'done', ...(value === undefined ? {} : { output: value }) }
}

/**
 * Which message a child is. An id of its own making has the time at which its parent was stored, so that a later parent of the same id
 * does not find the children of the one before.
 */
export function childRef(
  { children, nonce }: Pick<Join, 'children' | 'nonce'>,
  parent: { readonly id: string; readonly createdAt: number },
  index: number,
): MessageRef {
  const { queue = '', id } = children[index] ?? {}
  if (id !== undefined) return { queue, id }
  const place = `.${parent.createdAt.toString(36)}-${nonce}.${index}`
  const fits = parent.id.length + place.length <= DEFAULTS.maxIdLength
  return {
    queue,
    id: `${fits ? parent.id : createHash('sha256').update(parent.id).digest('hex').slice(0, 32)}${place}`,
  }
}

type Head = [
  name: string,
  failed: FailedPolicy,
  told: boolean,
  over: string | null,
  children: readonly (readonly [queue: string, id?: string])[],
  at?: Path,
]

/**
 * As fields: a join is `G<nonce>`, and the end of each child one of its own, `R<nonce>-<index>`, so that a commit writes what is new and
 * not a thousand results again.
 */
export function joinFields(joins: Joins, letters: { readonly join: string; readonly result: string }): Fields {
  const fields: Record<string, string> = {}
  for (const { nonce, name, failed, told, over, children, results, at } of joins.values()) {
    const places = children.map(({ queue, id }) => (id === undefined ? [queue] : [queue, id]))
    fields[letters.join + nonce] = JSON.stringify([name, failed, told, over ?? null, places, ...(at ? [at] : [])])
    for (const [index, { at, failed: bad, text }] of results)
      fields[`${letters.result}${nonce}-${index}`] = `${bad ? '-' : '+'}${at}\n${text}`
  }
  return fields
}

/** @throws when a field is broken. */
export function restoreJoins(fields: Fields, letters: { readonly join: string; readonly result: string }): Joins {
  const joins = new Map<string, Join & { readonly results: Map<number, Ending> }>()
  const entries = Object.entries(fields)
  const heads = entries.filter(([field]) => field.startsWith(letters.join))
  // In the order of their starts, which a hash that is no listpack has forgotten.
  for (const [field, text] of heads.toSorted(([a], [b]) => compareNonces(a.slice(1), b.slice(1)))) {
    const [name, failed, told, over, places, at] = JSON.parse(text) as Head
    const children = places.map(([queue, id]) => ({ queue, ...(id === undefined ? {} : { id }) }))
    const nonce = field.slice(1)
    const optional = { ...(over === null ? {} : { over }), ...(at ? { at } : {}) }
    joins.set(nonce, { nonce, name, failed, told, children, results: new Map(), ...optional })
  }
  if (joins.size === 0) return joins
  for (const [field, text] of entries) {
    if (!field.startsWith(letters.result)) continue
    const cut = field.lastIndexOf('-')
    const line = text.indexOf('\n')
    const ending = { at: Number(text.slice(1, line)), failed: text.startsWith('-'), text: text.slice(line + 1) }
    joins.get(field.slice(1, cut))?.results.set(Number(field.slice(cut + 1)), ending)
  }
  return joins
}

/** How a child of a join stands. */
export function standing({ over, results }: Join, index: number): 'done' | 'failed' | undefined {
  const mark = over === undefined ? markOf(results.get(index)) : over[index]
  return mark === '+' ? 'done' : mark === '-' ? 'failed' : undefined
}
