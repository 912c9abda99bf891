import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { encode } from '../../src/codec.ts'
import { advance, type Advanced } from '../../src/engine/advance.ts'
import { begins } from '../../src/engine/begin.ts'
import { registerMachine, type DurableMachine } from '../../src/engine/registry.ts'
import { restore, type LiveMessage } from '../../src/engine/snapshot.ts'
import type { Stimulus } from '../../src/engine/stimulus.ts'
import { initialStep } from '../../src/engine/transition.ts'
import { decodeTransitions } from '../../src/events/transition-text.ts'
import type { EventData } from '../../src/message.ts'
import { QUARANTINED } from '../../src/store/store.ts'
import { generatedCharts } from './charts/generated.ts'
import { charts } from './charts/index.ts'
import { eventFor, eventOf, moves, runs, type Move } from './sequences.ts'
import { shelve, type Shelf } from './shelf.ts'
import { comparable, sorted, startTwin, stepTwin, timerOf, viewOfLive, viewOfTwin, type Twin } from './twin.ts'

// One message is written to fields and read back between any two of its steps; its twin never leaves the memory. Whatever
// happens to them, they stay alike.

const SETTINGS = { worker: 'w', journal: 5, removes: () => false }

/** What happens to both: a stimulus for the message, for its twin the same as an event. */
interface Blow {
  readonly stimulus: Stimulus
  readonly event: EventData
  /** The twin, for which the timer or the actor is over. */
  readonly twin: Twin
}

function blowOf(move: Move, message: LiveMessage, twin: Twin): Blow {
  const kind = (['event', 'timer', 'done', 'error'] as const)[move.aim % 4]!
  const timer = pick(
    sorted([...message.timers.values()].map((each) => ({ ...timerOf(each), nonce: each.nonce }))),
    move.pick,
  )
  const invocation = pick([...message.invocations.values()], move.pick)
  if (kind === 'timer' && timer) {
    const i = twin.timers.findIndex(({ id, event }) =>
      isDeepStrictEqual({ id, event }, { id: timer.id, event: timer.event }),
    )
    const [{ event }] = [twin.timers[i]!]
    return {
      stimulus: { type: kind, nonce: timer.nonce },
      event,
      twin: { ...twin, timers: twin.timers.toSpliced(i, 1) },
    }
  }
  if ((kind === 'done' || kind === 'error') && invocation) {
    const { nonce, id } = invocation
    const event = eventFor(`xstate.${kind}.actor.${id}`, move.value)
    const invocations = new Map([...twin.invocations].filter(([each]) => each !== id))
    const result = { output: event['output'], error: event['error'] }
    return { stimulus: { type: kind, nonce, ...result }, event, twin: { ...twin, invocations } }
  }
  const event = eventOf(move, twin.snapshot)
  // Nobody can send an event of XState's own.
  const sent = event.type.startsWith('xstate.') ? { type: 'NEVER_HEARD' } : event
  return { stimulus: { type: 'event', event: sent }, event: sent, twin }
}

const pick = <T>(list: readonly T[], lot: number): T | undefined => list[lot % list.length]

/** Jest's own comparison is thorough and slow: it explains a difference that a quick one has found. */
function expectAlike(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toStrictEqual(expected)
}

/** Custom actions, logs and sends are handed to the worker; emitted events travel with the transition. */
function expectAsked({ effects, actions, entry, message }: Advanced, { asked }: Twin): void {
  const handed = asked.filter(({ type }) => type === 'log' || type === 'send')
  expectAlike(comparable(effects), comparable(handed))
  const wanted = asked.flatMap((effect) => (effect.type === 'action' ? [effect] : []))
  const name = (effect: (typeof wanted)[number]): string => message.machine.actions.name(effect) ?? effect.name
  expectAlike(
    actions.map(({ name: its, params }) => ({ name: its, params })),
    wanted.map((effect) => ({ name: name(effect), params: effect.params })),
  )
  const told = decodeTransitions('q', 0, `[${entry.transitions.join(',')}]`).flatMap(({ emitted = [] }) => emitted)
  const emitted = asked.flatMap((effect) => (effect.type === 'emit' ? [effect.event] : []))
  expectAlike(told, emitted)
}

function start(machine: DurableMachine, input: unknown): { shelf: Shelf; twin: Twin; view: object } {
  const first = begins(machine, 'm1', input, encode(input, 'input'), 'client')
  const twin = startTwin(machine.machine, input)
  return { shelf: shelve(first), twin, view: viewOfTwin(twin) }
}

/** Lives both lives; returns of how many steps. */
function live(machine: DurableMachine, input: unknown, sequence: readonly Move[]): number {
  let { shelf, twin, view } = start(machine, input)
  let steps = 0
  for (const move of sequence) {
    const message = restore(machine, shelf.claim())
    expectAlike(viewOfLive(message), view)
    const blow = blowOf(move, message, twin)
    if (blow.stimulus.type === 'event') shelf.deliver(blow.stimulus.event)
    // What the last step asked for was stored with it, and has been run since.
    const ran = { type: 'ran', nonces: [...message.actions.keys()] } as const
    const advanced = advance({ ...message, inbox: shelf.stored.inbox }, [ran, blow.stimulus], SETTINGS)
    shelf.commit(advanced.entry)
    const next = stepTwin(machine.machine, blow.twin, blow.event)
    steps++
    expect(advanced.entry.state === QUARANTINED).toBe(next === undefined)
    if (next === undefined) return steps
    view = viewOfTwin(next)
    expectAlike(viewOfLive(advanced.message), view)
    expectAsked(advanced, next)
    expectAlike(shelf.stored.fields, advanced.message.fields)
    twin = next
    if (next.snapshot.status !== 'active') ({ shelf, twin, view } = start(machine, input))
  }
  return steps
}

/** Whether a machine that was drawn by lot comes to rest at all. */
function starts({ machine }: DurableMachine): boolean {
  try {
    return initialStep(machine, undefined).snapshot.status === 'active'
  } catch {
    return false
  }
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
      runs(120),
    )
    expect(steps).toBeGreaterThanOrEqual(5000)
  })

  test('in machines that nobody thought of', () => {
    fc.assert(
      fc.property(generatedCharts, moves(40), (machine, sequence) => {
        const durable = registerMachine(machine)
        if (starts(durable)) total += live(durable, undefined, sequence)
      }),
      runs(60),
    )
  })

  test('for many thousand steps', () => expect(total).toBeGreaterThan(10_000))
})
