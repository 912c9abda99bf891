import { inspect, isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import { encode } from '../../src/codec.ts'
import { advance, type Advanced } from '../../src/engine/advance.ts'
import { begins } from '../../src/engine/begin.ts'
import { revive } from '../../src/engine/claimed.ts'
import type { Effect } from '../../src/engine/effects.ts'
import { registerMachine, type DurableMachine } from '../../src/engine/registry.ts'
import type { LiveMessage, Timer } from '../../src/engine/snapshot.ts'
import type { Stimulus } from '../../src/engine/stimulus.ts'
import { initialStep, step } from '../../src/engine/transition.ts'
import { decodeTransitions } from '../../src/events/transition-text.ts'
import type { EventData } from '../../src/message.ts'
import { QUARANTINED } from '../../src/store/store.ts'
import { charts } from './charts/index.ts'
import { ERRORS, eventOf, moves, OUTPUTS, runs, type Move } from './sequences.ts'
import { shelve, type Shelf } from './shelf.ts'

// One message is written to fields and read back between any two of its steps; its twin never leaves the memory. Whatever
// happens to them, they stay alike.

const SETTINGS = { worker: 'w', journal: 5, removes: () => false }

/** The twin: a snapshot as XState keeps it, and what it waits for, by the plainest bookkeeping. */
interface Twin {
  readonly snapshot: AnyMachineSnapshot
  readonly timers: readonly { readonly id: string | undefined; readonly event: EventData; readonly delay: number }[]
  readonly invocations: ReadonlyMap<string, { readonly src: string; readonly input: unknown }>
  /** What the last step asked of the world. */
  readonly asked: readonly Effect[]
}

function waitsFor(
  before: Twin,
  { snapshot, effects }: { snapshot: AnyMachineSnapshot; effects: readonly Effect[] },
): Twin {
  let timers = [...before.timers]
  const invocations = new Map(before.invocations)
  for (const effect of effects) {
    if (effect.type === 'timer.cancel' || (effect.type === 'timer.set' && effect.id !== undefined))
      timers = timers.filter(({ id }) => id !== effect.id)
    if (effect.type === 'timer.set')
      timers.push({ id: effect.id, event: effect.event, delay: Math.round(effect.delay) })
    if (effect.type === 'invoke') invocations.set(effect.id, { src: effect.src, input: effect.input })
    if (effect.type === 'stop') invocations.delete(effect.id)
  }
  const over = snapshot.status !== 'active'
  return { snapshot, timers: over ? [] : timers, invocations: over ? new Map() : invocations, asked: effects }
}

/** An actor that has ended is no child any more; XState itself remembers it until its state is left. */
function withoutChild(snapshot: AnyMachineSnapshot, id: string): AnyMachineSnapshot {
  const { [id]: _ended, ...children } = snapshot.children as Record<string, unknown>
  return { ...snapshot, children } as AnyMachineSnapshot
}

/** Errors come back as errors of the same name, not of the same class: they are compared by what they say. */
function comparable(value: unknown): unknown {
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

const sorted = <T>(list: readonly T[]): T[] => list.toSorted((a, b) => (inspect(a) < inspect(b) ? -1 : 1))

function view(snapshot: AnyMachineSnapshot, timers: readonly unknown[], invocations: readonly unknown[]): object {
  return {
    value: JSON.stringify(snapshot.value),
    context: comparable(snapshot.context),
    status: snapshot.status,
    output: comparable(snapshot.output),
    error: comparable(snapshot.error),
    history: Object.entries(snapshot.historyValue).map(([id, nodes]) => [id, nodes.map((node) => node.id)]),
    tags: [...snapshot.tags].toSorted(),
    timers: sorted(timers),
    invocations: sorted(invocations),
  }
}

const viewOfTwin = ({ snapshot, timers, invocations }: Twin): object =>
  view(
    snapshot,
    timers.map(({ id, event }) => comparable({ id, event })),
    [...invocations].map(([id, { src, input }]) => ({ id, src, input: comparable(input) })),
  )

const viewOfLive = ({ snapshot, timers, invocations }: LiveMessage): object =>
  view(
    snapshot,
    [...timers.values()].map((timer) => comparable(timerOf(timer))),
    [...invocations.values()].map(({ id, src, input }) => ({ id, src, input: comparable(input) })),
  )

/** Jest's own comparison is thorough and slow: it explains a difference that a quick one has found. */
function expectAlike(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toStrictEqual(expected)
}

/** A stimulus for the stored message, and for its twin the same as an event. */
interface Blow {
  readonly stimulus: Stimulus
  readonly event: EventData
  /** The twin, for which the timer or the actor is over. */
  readonly twin: Twin
}

function blowOf(move: Move, live: LiveMessage, twin: Twin): Blow {
  const kind = move.aim % 4
  const [timer, invocation] = [pick(timersOf(live), move.pick), pick([...live.invocations.values()], move.pick)]
  if (kind === 1 && timer) {
    const i = twin.timers.findIndex(({ id, event }) => isDeepStrictEqual({ id, event }, timerOf(timer)))
    const gone = { ...twin, timers: twin.timers.toSpliced(i, 1) }
    return { stimulus: { type: 'timer', nonce: timer.nonce }, event: twin.timers[i]!.event, twin: gone }
  }
  if (kind > 1 && invocation) {
    const { nonce, id } = invocation
    const invocations = new Map([...twin.invocations].filter(([each]) => each !== id))
    const gone = { ...twin, invocations }
    const [output, error] = [OUTPUTS[move.value], ERRORS[move.value]]
    return kind === 2
      ? {
          stimulus: { type: 'done', nonce, output },
          event: { type: `xstate.done.actor.${id}`, output, actorId: id },
          twin: gone,
        }
      : {
          stimulus: { type: 'error', nonce, error },
          event: { type: `xstate.error.actor.${id}`, error, actorId: id },
          twin: gone,
        }
  }
  const event = eventOf(move, twin.snapshot)
  const sent = event.type.startsWith('xstate.') ? { type: 'NEVER_HEARD' } : event
  return { stimulus: { type: 'event', event: sent }, event: sent, twin }
}

const pick = <T>(list: readonly T[], lot: number): T | undefined => list[lot % list.length]
/** A timer without an id of its own has its nonce in that place. */
const timerOf = ({ id, nonce, event }: Timer) => ({ id: id === nonce ? undefined : id, event })
/** In an order that does not depend on when they were set. */
const timersOf = ({ timers }: LiveMessage) =>
  sorted([...timers.values()].map((timer) => ({ ...timer, due: 0, delay: 0 })))

function start(machine: DurableMachine, input: unknown): { shelf: Shelf; twin: Twin } {
  const text = encode(input, 'input')
  const shelf = shelve(begins(machine, 'm1', input, text, 'client'))
  const nothing = { timers: [], invocations: new Map() } as never
  return { shelf, twin: waitsFor(nothing, initialStep(machine.machine, input)) }
}

/** The twin's step; `undefined` when the machine throws. */
function stepOfTwin(machine: AnyStateMachine, { twin, event }: Blow): Twin | undefined {
  const ended = /^xstate\.(?:done|error)\.actor\.(.*)$/.exec(event.type)?.[1]
  try {
    const taken = step(machine, twin.snapshot, event)
    const after = waitsFor(twin, taken)
    return ended === undefined || after.invocations.has(ended)
      ? after
      : { ...after, snapshot: withoutChild(after.snapshot, ended) }
  } catch {
    return undefined
  }
}

/** Custom actions, logs and sends are handed to the worker; emitted events travel with the transition. */
function expectAsked({ effects, entry }: Advanced, { asked }: Twin): void {
  const handed = asked.filter(({ type }) => type === 'action' || type === 'log' || type === 'send')
  expectAlike(comparable(effects), comparable(handed))
  const transitions = decodeTransitions('q', 0, `[${entry.transitions.join(',')}]`)
  const emitted = asked.flatMap((effect) => (effect.type === 'emit' ? [effect.event] : []))
  expectAlike(
    transitions.flatMap((transition) => transition.emitted ?? []),
    emitted,
  )
}

function live(machine: DurableMachine, input: unknown, sequence: readonly Move[]): number {
  let { shelf, twin } = start(machine, input)
  let steps = 0
  for (const move of sequence) {
    const message = revive(machine, shelf.claim())
    expectAlike(viewOfLive(message), viewOfTwin(twin))
    const blow = blowOf(move, message, twin)
    if (blow.stimulus.type === 'event') shelf.deliver(blow.stimulus.event)
    const advanced = advance({ ...message, inbox: shelf.stored.inbox }, [blow.stimulus], SETTINGS)
    const after = stepOfTwin(machine.machine, blow)
    shelf.commit(advanced.entry)
    steps++
    expect(advanced.entry.state === QUARANTINED).toBe(after === undefined)
    if (after === undefined) return steps
    expectAlike(viewOfLive(advanced.message), viewOfTwin(after))
    expectAsked(advanced, after)
    expectAlike(shelf.stored.fields, advanced.message.fields)
    twin = after
    if (after.snapshot.status !== 'active') ({ shelf, twin } = start(machine, input))
  }
  return steps
}

describe('a message that is stored between any two steps lives as one that never is', () => {
  let total = 0

  test.each(charts)('in $name', ({ machine, input }) => {
    const durable = registerMachine(machine)
    fc.assert(
      fc.property(moves(60), (sequence) => {
        total += live(durable, input, sequence)
      }),
      runs(20),
    )
  })

  test('with contexts that JSON cannot keep, over and over', () => {
    const { machine, input } = charts.at(-1)!
    const durable = registerMachine(machine)
    let steps = 0
    fc.assert(
      fc.property(moves(60), (sequence) => {
        steps += live(durable, input, sequence)
      }),
      runs(140),
    )
    expect(steps).toBeGreaterThanOrEqual(5000)
  })

  test('for many thousand steps', () => expect(total).toBeGreaterThan(8000))
})
