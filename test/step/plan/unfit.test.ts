import { describe, expect, test } from '@jest/globals'
import { assign, createMachine, enqueueActions, sendTo, spawnChild, type AnyStateMachine } from 'xstate'
import { registerMachine } from '../../../src/engine/registry.ts'
import type { EventData } from '../../../src/message.ts'
import { planOf, type Plan } from '../../../src/step/plan/plan.ts'
import { machineOf } from '../../engine/charts/chart.ts'
import { inert } from '../../differential/inert.ts'

const planFor = (machine: AnyStateMachine): Plan => planOf(registerMachine(machine))

/** Why the plan leaves a step to XState; `undefined` for one that it takes. */
function refused(plan: Plan, state: string, event: EventData | string): string | undefined {
  const from = plan.state(state)
  if (from.refused !== undefined) return from.refused
  return plan.step(from, {}, typeof event === 'string' ? { type: event } : event).refused
}

const throws = (): never => {
  throw new Error('no')
}

describe('the plan lists what it leaves to XState', () => {
  test.each<[what: string, machine: AnyStateMachine, unfit: object[]]>([
    [
      'parallel regions, and what leads to them',
      machineOf(
        {},
        {},
        {
          states: {
            a: { on: { GO: 'b', STAY: 'c' } },
            b: { type: 'parallel', states: { x: {}, y: {} }, on: { BACK: 'a' } },
            c: {},
          },
        },
      ),
      [
        { state: 'a', event: 'GO', reason: 'it leads to "m.b", whose regions run in parallel' },
        { state: 'b', event: '*', reason: 'the regions of "m.b" run in parallel' },
      ],
    ],
    [
      'history',
      machineOf(
        {},
        {},
        {
          states: {
            a: { on: { BACK: 'b.hist', GO: 'b' } },
            b: { initial: 'x', states: { x: { on: { IN: 'y' } }, y: {}, hist: { type: 'history' } }, on: { OUT: 'a' } },
          },
        },
      ),
      [
        { state: 'a', event: 'BACK', reason: 'it leads to the history state "m.b.hist"' },
        { state: 'b.x', event: 'OUT', reason: 'it leaves "m.b", which has a history' },
        { state: 'b.y', event: 'OUT', reason: 'it leaves "m.b", which has a history' },
      ],
    ],
    [
      'what talks to other actors',
      machineOf(
        {
          invoke: { id: 'i', src: 'i' },
          on: {
            SEND: { actions: sendTo('i', { type: 'HI' }) },
            SPAWN: { actions: spawnChild('i', { id: 'j' }) },
            OK: { actions: assign({ n: 1 }) },
          },
        },
        { actors: { i: inert } },
      ),
      [
        { state: 'a', event: 'SEND', reason: 'it uses sendTo()' },
        { state: 'a', event: 'SPAWN', reason: 'it uses spawnChild()' },
      ],
    ],
    [
      'the first step',
      machineOf({}, {}, { entry: sendTo('i', { type: 'HI' }), invoke: { id: 'i', src: 'i' } }),
      [{ state: '*', event: 'init', reason: 'it uses sendTo()' }],
    ],
    [
      'several targets',
      createMachine({
        id: 'm',
        initial: 'a',
        states: {
          a: { on: { GO: { target: ['#x', '#y'] } } },
          p: { type: 'parallel', states: { p1: { id: 'x' }, p2: { id: 'y' } } },
        },
      } as never) as AnyStateMachine,
      [
        { state: 'a', event: 'GO', reason: 'it has several targets' },
        { state: 'p', event: '*', reason: 'the regions of "m.p" run in parallel' },
      ],
    ],
    [
      'a machine that invokes machines',
      machineOf({ invoke: { id: 'i', src: 'i' } }, { actors: { i: machineOf({}) } }),
      [{ state: '*', event: '*', reason: 'its message holds several actors' }],
    ],
    [
      'two actors of one id',
      machineOf({ invoke: { id: 'i', src: 'i' }, initial: 'x', states: { x: { invoke: { id: 'i', src: 'i' } } } }),
      [
        { state: '*', event: 'init', reason: 'two of its states invoke under one id' },
        { state: 'a.x', event: '*', reason: 'two of its states invoke under one id' },
      ],
    ],
  ])('%s', (_, machine, unfit) => {
    expect(planFor(machine).unfit).toEqual(unfit)
  })

  test('and the rest of such a machine is planned', () => {
    const plan = planFor(
      machineOf(
        {},
        {},
        {
          states: { a: { on: { GO: 'b', STAY: 'c' } }, b: { type: 'parallel', states: { x: {}, y: {} } }, c: {} },
        },
      ),
    )
    expect(refused(plan, 'a', 'STAY')).toBeUndefined()
    expect(refused(plan, 'a', 'GO')).toContain('run in parallel')
    expect(refused(plan, 'b.x+b.y', 'GO')).toContain('run in parallel')
  })
})

describe('the plan refuses, in the step,', () => {
  test('code that throws: XState takes the step again, and tells of it in its words', () => {
    const plan = planFor(
      machineOf({
        on: {
          GUARD: { guard: throws, target: 'b' },
          ASSIGN: { target: 'b', actions: assign(throws) },
          INPUT: { target: 'b', actions: assign({ n: 1 }) },
        },
      }),
    )
    expect(refused(plan, 'a', 'GUARD')).toBe('its code throws')
    expect(refused(plan, 'a', 'ASSIGN')).toBe('its code throws')
    expect(refused(plan, 'a', 'INPUT')).toBeUndefined()
  })

  test('code that spawns, also where it catches the refusal', () => {
    // By another name, or the whole machine would be one of several actors.
    const make = ['sp', 'awn'].join('')
    const code = (args: object): object => {
      try {
        ;(args as Record<string, (src: string) => void>)[make]!('i')
      } catch {}
      return { n: 1 }
    }
    const plan = planFor(machineOf({ on: { GO: { actions: assign(code) } } }))
    expect(refused(plan, 'a', 'GO')).toBe('its code spawns an actor')
  })

  test('code that chooses what the plan does not do', () => {
    const plan = planFor(
      machineOf({
        invoke: { id: 'i', src: 'i' },
        on: {
          SEND: { actions: enqueueActions(({ enqueue }) => enqueue.sendTo('i', { type: 'HI' })) },
          EMIT: { actions: enqueueActions(({ enqueue }) => enqueue.emit({ type: 'told' })) },
        },
      }),
    )
    expect(refused(plan, 'a', 'SEND')).toBe('it uses sendTo()')
    expect(refused(plan, 'a', 'EMIT')).toBeUndefined()
  })

  test('a machine that never comes to rest', () => {
    const always = { actions: assign({ n: ({ context }) => ((context as { n?: number }).n ?? 0) + 1 }) }
    const plan = planFor(machineOf({ on: { GO: 'b' } }, {}, { states: { a: { on: { GO: 'b' } }, b: { always } } }))
    expect(refused(plan, 'a', 'GO')).toBe('there is no end of it')
  })

  test('states that the machine does not have, and that of a message that failed', () => {
    const plan = planFor(machineOf({}))
    expect(refused(plan, 'gone', 'GO')).toBe('the machine has no such state')
    expect(refused(plan, '~failed', 'GO')).toBe('the machine has no such state')
  })

  test('the events by which XState begins and stops a machine', () => {
    const plan = planFor(machineOf({ on: { '*': 'b' } }))
    expect(refused(plan, 'a', 'xstate.init')).toBe('the event is one of XState itself')
    expect(refused(plan, 'a', 'xstate.stop')).toBe('the event is one of XState itself')
  })
})
