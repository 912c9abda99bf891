import { describe, expect, test } from '@jest/globals'
import { createMachine, setup, type AnyStateMachine } from 'xstate'
import { registerMachine } from '../../src/engine/registry.ts'
import * as shipped from '../../machines/index.ts'
import * as examples from '../../machines/examples/index.ts'

const invoke = { id: 'charge', src: 'charge', onDone: 'b' }
const machine = (a: object, root: object = {}): AnyStateMachine =>
  createMachine({ id: 'm', initial: 'a', states: { a, b: {} }, ...root } as never) as AnyStateMachine
const told = (given: AnyStateMachine): readonly string[] => registerMachine(given).warnings

const payment = machine({ invoke })
const around = (more: object): AnyStateMachine =>
  setup({ actors: { payment } }).createMachine({
    id: 'root',
    initial: 'a',
    states: { a: { invoke: { id: 'payment', src: 'payment', ...more } }, b: {} },
  })

describe('an invoke without onError', () => {
  test('is warned of, with what happens and the fix', () => {
    expect(told(machine({ invoke }))).toEqual([
      'state "m.a" invokes "charge" without onError: when it fails, the message ends in ~failed. Add onError to the invoke, or "xstate.error.actor.charge" to the on of a state around it. See docs/reference/machine-checks.md#unhandled-error',
    ])
  })

  test.each<[string, object, object]>([
    ['by its onError', { invoke: { ...invoke, onError: 'b' } }, {}],
    ['by its state', { invoke, on: { 'xstate.error.actor.charge': 'b' } }, {}],
    [
      'by a state around it',
      { initial: 'x', states: { x: { invoke: { id: 'charge', src: 'charge' } } }, on: { '*': 'b' } },
      {},
    ],
    ['by the machine', { invoke }, { on: { 'xstate.error.*': '.b' } }],
    ['by the machine, for this one', { invoke }, { on: { 'xstate.error.actor.charge': '.b' } }],
  ])('is not warned of where its error is taken %s', (_, a, root) => {
    expect(told(machine(a, root))).toEqual([])
  })

  test('is warned of where the error of another is taken', () => {
    expect(told(machine({ invoke }, { on: { 'xstate.error.actor.ship': '.b' } }))).toHaveLength(1)
  })

  describe('in a machine below', () => {
    test('is warned of at both places where nothing takes it above either', () => {
      expect(told(around({}))).toEqual([
        expect.stringMatching(/^state "root\.a" invokes "payment" without onError/),
        expect.stringMatching(/^in its "payment", state "m\.a" invokes "charge" without onError/),
      ])
    })

    test('is not warned of where its error is taken above', () => {
      expect(told(around({ onError: 'b' }))).toEqual([])
    })
  })

  test('is in no machine that is shipped', () => {
    const machines = [...Object.values(shipped), ...Object.values(examples)].filter(
      (each) => typeof each === 'object' && 'config' in each,
    ) as unknown as AnyStateMachine[]
    expect(machines.length).toBeGreaterThan(5)
    for (const each of machines) expect(told(each)).toEqual([])
  })
})
