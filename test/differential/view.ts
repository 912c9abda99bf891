import type { AnyActorRef, AnyMachineSnapshot } from 'xstate'
import { timerAddress, type Path } from '../../src/engine/address.ts'
import type { LiveMessage } from '../../src/engine/snapshot.ts'
import { inDocumentOrder } from '../../src/engine/transition.ts'
import type { EventData } from '../../src/message.ts'
import { comparable } from '../engine/twin.ts'

export interface TimerView {
  /** Behind its place in a message of several actors, and nothing behind that for one to which the machine gave none. */
  readonly id: string
  readonly event: EventData
  /** Milliseconds of virtual time. */
  readonly left: number
}

export interface ChildView {
  readonly id: string
  readonly src: string
  readonly input: unknown
}

/** All that the outside can know of a machine at rest. */
export type View = Readonly<Record<string, unknown>>

export function viewOf(
  snapshot: AnyMachineSnapshot,
  timers: readonly TimerView[],
  children: readonly ChildView[],
): View {
  const { status, output } = snapshot
  return {
    // As text, because the order of the regions counts. A machine that ended in an error is nowhere any more.
    value: status === 'error' ? undefined : JSON.stringify(inDocumentOrder(snapshot).value),
    tags: status === 'error' ? [] : [...snapshot.tags].toSorted(),
    meta: status === 'error' ? {} : snapshot.getMeta(),
    context: withoutActors(snapshot.context),
    status,
    output: comparable(output),
    error: comparable(snapshot.error),
    history: Object.entries(snapshot.historyValue)
      .map(([id, nodes]) => [id, nodes.map((node) => node.id).toSorted()] as const)
      .toSorted(byText(([id]) => id)),
    actors: Object.fromEntries(lastingActors(snapshot)),
    timers: timers
      .toSorted(byText(({ left, id, event }) => `${left} ${id} ${event.type} ${String(event['value'])}`))
      .map(({ id, event, left }) => ({ id, event: comparable(event), left })),
    children: children
      .map(({ id, src, input }) => ({ id, src, input: comparable(input) }))
      .toSorted(byText(({ id }) => id)),
  }
}

export const childrenOf = (snapshot: AnyMachineSnapshot): AnyActorRef[] =>
  Object.values((snapshot.children ?? {}) as Record<string, AnyActorRef>)

/** The actors below a snapshot that have a life of their own, with their paths; those that only run once go by themselves. */
function lastingActors(snapshot: AnyMachineSnapshot, path: Path = []): [path: string, actor: object][] {
  if (snapshot.status !== 'active') return []
  return childrenOf(snapshot).flatMap((child): [string, object][] => {
    const below = child.getSnapshot() as AnyMachineSnapshot
    const at = [...path, child.id]
    // What has ended says nothing any more.
    if (!('context' in below) || below.status !== 'active') return []
    const { status, context } = below
    const place =
      'machine' in below ? { value: JSON.stringify(inDocumentOrder(below).value), tags: [...below.tags] } : {}
    return [[at.join('/'), { ...place, status, context: withoutActors(context) }], ...lastingActors(below, at)]
  })
}

/** A value to compare; actors in it are told by their ids. */
function withoutActors(value: unknown): unknown {
  const named = (each: unknown): unknown => {
    if (typeof each !== 'object' || each === null) return each
    if ('sessionId' in each && 'id' in each) return { actor: each.id }
    // What is over is only read, and its actors are what was stored of them.
    if ('xstate$$type' in each && 'id' in each) return { actor: each.id }
    if ('redrive$$actor' in each) return { actor: (each.redrive$$actor as Path).at(-1) }
    if (Array.isArray(each)) return each.map(named)
    const plain = Object.getPrototypeOf(each) === Object.prototype
    return plain ? Object.fromEntries(Object.entries(each).map(([key, part]) => [key, named(part)])) : each
  }
  return comparable(named(value))
}

const byText =
  <T>(text: (each: T) => string) =>
  (a: T, b: T): number =>
    text(a) < text(b) ? -1 : 1

/** The same of a message that was read from the store; its timers count on virtual time, from `now`. */
export const viewOfMessage = ({ snapshot, timers, invocations }: LiveMessage, now: number): View =>
  viewOf(
    snapshot,
    [...timers.values()].map(({ id, nonce, event, due = NaN }) => ({
      id: timerAddress(id).id === nonce ? id.slice(0, -nonce.length) : id,
      event,
      left: due - now,
    })),
    [...invocations.values()],
  )

/** What the steps told the world, in its order. */
export interface Told {
  readonly emitted: EventData[]
  readonly logs: unknown[]
  readonly actions: { readonly name: string; readonly params: unknown }[]
}

export const nothingTold = (): Told => ({ emitted: [], logs: [], actions: [] })

/** Custom actions without a name go by their place in the one, and by nothing in the other. */
export const INLINE = '(inline)'
