import { isDeepStrictEqual } from 'node:util'
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import type { Effect } from '../../src/engine/effects.ts'
import type { LiveMessage, Timer } from '../../src/engine/snapshot.ts'
import { inDocumentOrder, initialStep, step, type Step } from '../../src/engine/transition.ts'
import type { EventData } from '../../src/message.ts'
import { activeNodes } from './sequences.ts'

/** A message that never leaves the memory: a snapshot as XState keeps it, and what it waits for, by the plainest bookkeeping. */
export interface Twin {
  readonly snapshot: AnyMachineSnapshot
  readonly timers: readonly { readonly id: string | undefined; readonly event: EventData }[]
  readonly invocations: ReadonlyMap<string, { readonly src: string; readonly input: unknown }>
  /** What the last step asked of the world. */
  readonly asked: readonly Effect[]
}

export function startTwin(machine: AnyStateMachine, input: unknown): Twin {
  return after({ timers: [], invocations: new Map() }, initialStep(machine, input))
}

/**
 * The twin's next step; `undefined` when the machine throws, or when transitions that contend led XState into half of a parallel
 * state, or into two states at once, from where nobody knows the way.
 */
export function stepTwin(machine: AnyStateMachine, twin: Twin, event: EventData): Twin | undefined {
  const ended = /^xstate\.(?:done|error)\.actor\.(.*)$/.exec(event.type)?.[1]
  try {
    const next = after(twin, step(machine, twin.snapshot, event))
    if (!isLegal(machine, next.snapshot)) return undefined
    return ended === undefined || next.invocations.has(ended) ? next : withoutChild(next, ended)
  } catch {
    return undefined
  }
}

function after(before: Pick<Twin, 'timers' | 'invocations'>, { snapshot, effects }: Step): Twin {
  let timers = [...before.timers]
  const invocations = new Map(before.invocations)
  for (const effect of effects) {
    if (effect.type === 'timer.cancel' || (effect.type === 'timer.set' && effect.id !== undefined))
      timers = timers.filter(({ id }) => id !== effect.id)
    if (effect.type === 'timer.set') timers.push({ id: effect.id, event: effect.event })
    if (effect.type === 'invoke') invocations.set(effect.id, { src: effect.src, input: effect.input })
    if (effect.type === 'stop') invocations.delete(effect.id)
  }
  const waits =
    snapshot.status === 'active' ? { timers, invocations } : { timers: [], invocations: new Map<never, never>() }
  return { ...waits, snapshot: inDocumentOrder(snapshot), asked: effects }
}

function isLegal(machine: AnyStateMachine, snapshot: AnyMachineSnapshot): boolean {
  if (snapshot.status !== 'active') return true
  const resolved = machine.resolveState({ value: snapshot.value, context: {} })
  const ids = (some: AnyMachineSnapshot): string[] => activeNodes(some).map(({ id }) => id)
  return isDeepStrictEqual(ids(inDocumentOrder(resolved)), ids(snapshot))
}

/** A spawned actor that has ended is no child any more; XState itself remembers it. */
function withoutChild(twin: Twin, id: string): Twin {
  if (activeNodes(twin.snapshot).some(({ invoke }) => invoke.some((each) => each.id === id))) return twin
  const { [id]: _ended, ...children } = twin.snapshot.children as Record<string, unknown>
  return { ...twin, snapshot: { ...twin.snapshot, children } as AnyMachineSnapshot }
}

/** Errors come back as errors of the same name, not of the same class: they are compared by what they say. */
export function comparable(value: unknown): unknown {
  if (value instanceof Error) {
    const { name, message, stack, cause } = value
    return { ...Object.fromEntries(Object.entries(value)), error: name, text: message, stack, cause: comparable(cause) }
  }
  if (Array.isArray(value)) return value.map(comparable)
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [comparable(key), comparable(each)]))
  if (value instanceof Set) return new Set([...value].map(comparable))
  const plain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  return plain ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, comparable(each)])) : value
}

interface Pending {
  readonly id: string | undefined
  readonly event?: EventData
}

/** In an order that depends on nothing but what waits. */
export const sorted = <T extends Pending>(list: readonly T[]): T[] =>
  list.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))

const keyOf = ({ id, event }: Pending): string => JSON.stringify([id, event?.type, event?.['value']])

/** A timer without an id of its own has its nonce in that place. */
export const timerOf = ({ id, nonce, event }: Timer) => ({ id: id === nonce ? undefined : id, event })

export const viewOfTwin = ({ snapshot, timers, invocations }: Twin): object =>
  view(
    snapshot,
    timers.map(({ id, event }) => ({ id, event: comparable(event) as EventData })),
    [...invocations].map(([id, { src, input }]) => ({ id, src, input: comparable(input) })),
  )

export const viewOfLive = ({ snapshot, timers, invocations }: LiveMessage): object =>
  view(
    snapshot,
    [...timers.values()].map(timerOf).map(({ id, event }) => ({ id, event: comparable(event) as EventData })),
    [...invocations.values()].map(({ id, src, input }) => ({ id, src, input: comparable(input) })),
  )

function view(snapshot: AnyMachineSnapshot, timers: readonly Pending[], invocations: readonly Pending[]): object {
  return {
    // As text, because the order of the regions counts.
    value: JSON.stringify(snapshot.value),
    nodes: activeNodes(snapshot).map(({ id }) => id),
    tags: [...snapshot.tags],
    context: comparable(snapshot.context),
    status: snapshot.status,
    output: comparable(snapshot.output),
    error: comparable(snapshot.error),
    history: Object.entries(snapshot.historyValue).map(([id, nodes]) => [id, nodes.map((node) => node.id)]),
    timers: sorted(timers),
    invocations: sorted(invocations),
  }
}
