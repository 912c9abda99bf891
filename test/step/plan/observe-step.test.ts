import { describe, expect, test } from '@jest/globals'
import { assign, type AnyStateMachine } from 'xstate'
import { createMessageMachine } from '../../../machines/index.ts'
import { registerMachine } from '../../../src/engine/registry.ts'
import { observeStep, type Reads } from '../../../src/step/plan/observe-step.ts'
import { planOf } from '../../../src/step/plan/plan.ts'
import type { Context } from '../../../src/step/plan/run.ts'
import { machineOf } from '../../engine/charts/chart.ts'

const NOTHING: Reads = { input: false, clock: false, chance: false }
const payload = { to: 'ada', n: 1 }

function readsOf(machine: AnyStateMachine, state: string, type: string, context: Context = { payload }): Reads {
  const plan = planOf(registerMachine(machine))
  const from = plan.state(state)
  if (from.refused !== undefined) throw new Error(from.refused)
  const { step, reads } = observeStep(plan, { from, context, event: { type }, id: 'm1' }, new Set(['payload']))
  expect(step.refused).toBeUndefined()
  return reads
}

describe('the default machine', () => {
  const deliver = 'xstate.after.deliver.message.pending'
  const backoff = 'xstate.after.backoff.message.retrying'

  test.each<[what: string, state: string, type: string, context: Context]>([
    ['a delivery', 'pending', deliver, { payload }],
    ['a delivery again', 'retrying', backoff, { payload, attempt: 1, delay: 500 }],
    ['a redrive', 'dead', 'REDRIVE', { payload, attempt: 5 }],
  ])('reads nothing in %s', (_, state, type, context) => {
    expect(readsOf(createMessageMachine(), state, type, context)).toEqual(NOTHING)
  })

  test('reads the clock where there is a deadline', () => {
    const machine = createMessageMachine({ deadline: 60_000 })
    expect(readsOf(machine, 'pending', deliver, { payload, createdAt: Date.now() })).toEqual({
      ...NOTHING,
      clock: true,
    })
  })

  test('reads clock and chance where an attempt has failed', () => {
    const limit = 'xstate.after.timeLimit.message.processing'
    expect(readsOf(createMessageMachine(), 'processing', limit, { payload, attempt: 1 })).toEqual({
      input: false,
      clock: true,
      chance: true,
    })
  })
})

describe('a step reads', () => {
  interface Situation {
    readonly context: { readonly payload: { readonly n: number }; readonly own?: number }
  }
  const going = (config: object): AnyStateMachine => machineOf({ on: { GO: { target: 'b', ...config } } })
  const invoking = (input: unknown): AnyStateMachine =>
    machineOf({}, {}, { states: { a: { on: { GO: 'b' } }, b: { invoke: { id: 'i', src: 'i', input } } } })

  test.each<[what: string, reads: Partial<Reads>, machine: AnyStateMachine]>([
    ['the input by a guard', { input: true }, going({ guard: ({ context }: Situation) => context.payload.n > 0 })],
    [
      'the input in a condition',
      { input: true },
      going({ guard: ({ context }: Situation) => Boolean(context.payload) }),
    ],
    ['the input by a copy of all', { input: true }, going({ actions: assign(({ context }) => ({ ...context })) })],
    [
      'the input after another action',
      { input: true },
      going({
        actions: [assign({ own: 1 }), assign({ n: ({ context }) => (context as Situation['context']).payload.n })],
      }),
    ],
    [
      'the input where an actor gets a part of it',
      { input: true },
      invoking(({ context }: Situation) => context.payload.n),
    ],
    ['nothing where an actor gets the input itself', {}, invoking(({ context }: Situation) => context.payload)],
    ['nothing of it under another name', {}, invoking(({ context: c }: Situation) => c.payload)],
    [
      'nothing of its own members',
      {},
      going({ actions: assign({ own: ({ context }) => ((context as Situation['context']).own ?? 0) + 1 }) }),
    ],
    ['the clock by Date.now()', { clock: true }, going({ actions: assign({ at: () => Date.now() }) })],
    ['the clock by new Date()', { clock: true }, going({ actions: assign({ at: () => new Date().getTime() }) })],
    ['the clock by Date()', { clock: true }, going({ actions: assign({ at: () => Date() }) })],
    ['the clock by performance', { clock: true }, going({ actions: assign({ at: () => performance.now() }) })],
    ['the clock by hrtime', { clock: true }, going({ actions: assign({ at: () => String(process.hrtime.bigint()) }) })],
    ['no clock by a date that is given', {}, going({ actions: assign({ at: () => new Date(5).getTime() }) })],
    ['chance by Math.random()', { chance: true }, going({ actions: assign({ n: () => Math.random() }) })],
    ['chance by a random id', { chance: true }, going({ actions: assign({ n: () => crypto.randomUUID() }) })],
  ])('%s', (_, reads, machine) => {
    expect(readsOf(machine, 'a', 'GO')).toEqual({ ...NOTHING, ...reads })
  })

  test('chance by what differs between two runs, wherever it comes from', () => {
    const { random } = Math
    let count = 0
    expect(readsOf(going({ actions: assign({ n: () => random() }) }), 'a', 'GO').chance).toBe(true)
    expect(readsOf(going({ actions: assign({ n: () => count++ }) }), 'a', 'GO').chance).toBe(true)
  })

  test('and the world is as it was', () => {
    const before = [Date, Math.random, performance.now, process.hrtime, crypto.randomUUID]
    readsOf(going({ actions: assign({ at: () => Date.now() + Math.random() }) }), 'a', 'GO')
    expect([Date, Math.random, performance.now, process.hrtime, crypto.randomUUID]).toEqual(before)
    expect(Object.hasOwn(performance, 'now')).toBe(false)
  })
})
