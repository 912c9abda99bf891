import { describe, expect, test } from '@jest/globals'
import { sendTo, type AnyActorRef } from 'xstate'
import { childStub, registerMachine } from '../../../src/engine/registry.ts'
import { initialStep, step } from '../../../src/engine/transition.ts'
import { planStep, takeFirstStep, takeStep } from '../../../src/step/plan/take-step.ts'
import { machineOf } from '../../engine/charts/chart.ts'

const invoking = (id: string): object => ({ invoke: { id, src: 'work' } })

const durable = registerMachine(
  machineOf(
    {},
    {},
    {
      context: { n: 1 },
      ...invoking('outer'),
      states: {
        a: { ...invoking('inner'), on: { GO: 'b', TELL: { actions: sendTo('inner', { type: 'HI' }) }, NOTHING: {} } },
        b: { ...invoking('other'), on: { GO: { target: 'b', reenter: true } } },
      },
    },
  ),
)

const at = (): ReturnType<typeof initialStep>['snapshot'] => initialStep(durable.machine, undefined).snapshot

describe('a step of the engine', () => {
  test('begins and goes on by the plan, with the actors that go on', () => {
    const first = takeFirstStep(durable, undefined, 'm1')
    expect(first).toMatchObject({ changed: true, snapshot: { value: 'a', status: 'active', context: { n: 1 } } })
    const next = takeStep(durable, first.snapshot, { type: 'GO' }, 'm1')
    expect(Object.keys(next.snapshot.children as object)).toEqual(['outer', 'other'])
    const children = (snapshot: typeof next.snapshot) => snapshot.children as Record<string, AnyActorRef>
    expect(children(next.snapshot)['outer']).toBe(children(first.snapshot)['outer'])
    expect(next.effects).toEqual([
      { type: 'stop', id: 'inner' },
      { type: 'invoke', id: 'other', src: 'work', input: undefined },
    ])
    // XState can go on from it.
    expect(step(durable.machine, next.snapshot, { type: 'GO' }).snapshot.value).toBe('b')
  })

  test('that changes nothing leaves the very snapshot', () => {
    const snapshot = at()
    expect(takeStep(durable, snapshot, { type: 'NOTHING' })).toEqual({ snapshot, effects: [], changed: false })
    expect(takeStep(durable, snapshot, { type: 'NOTHING' }).snapshot).toBe(snapshot)
  })

  test('that the plan refuses is that of XState', () => {
    expect(planStep(durable, at(), { type: 'TELL' }).refused).toBe('it uses sendTo()')
    expect(takeStep(durable, at(), { type: 'TELL' }).effects).toEqual(
      step(durable.machine, at(), { type: 'TELL' }).effects,
    )
  })

  test('is none of the plan where others run than the state invokes, or where all is over', () => {
    const children = { ...(at().children as object), extra: childStub('extra', 'work') }
    const crowded = Object.assign({ ...at() }, { children })
    expect(planStep(durable, crowded, { type: 'GO' }).refused).toBe('other actors run than its state invokes')
    const ended = Object.assign({ ...at() }, { status: 'done' as const })
    expect(planStep(durable, ended, { type: 'GO' }).refused).toBe('the machine has ended')
  })

  test('hands on what is kept of a history', () => {
    const keeping = registerMachine(
      machineOf(
        {},
        {},
        {
          states: {
            a: { on: { GO: 'b', BACK: 'c.hist' } },
            b: { on: { GO: 'a' } },
            c: { initial: 'x', states: { x: { on: { OUT: '#m.a' } }, hist: { type: 'history' } } },
          },
        },
      ),
    )
    const { machine } = keeping
    const inside = step(machine, initialStep(machine, undefined).snapshot, { type: 'BACK' }).snapshot
    const outside = step(machine, inside, { type: 'OUT' }).snapshot
    const { snapshot } = takeStep(keeping, outside, { type: 'GO' })
    expect(planStep(keeping, outside, { type: 'GO' }).refused).toBeUndefined()
    expect(snapshot.historyValue).toEqual(outside.historyValue)
    expect(Object.keys(snapshot.historyValue)).toEqual(['m.c.hist'])
  })
})
