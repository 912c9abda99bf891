import { describe, expect, test } from '@jest/globals'
import {
  cancel,
  createMachine,
  emit,
  fromPromise,
  log,
  raise,
  sendTo,
  spawnChild,
  stopChild,
  type AnyStateMachine,
} from 'xstate'
import type { Effect } from '../../src/engine/effects.ts'
import { initialStep, step } from '../../src/engine/transition.ts'

const job = fromPromise(() => Promise.resolve())

/** What a machine asks for when it starts with these entry actions. */
function asked(entry: unknown, more: object = {}): readonly Effect[] {
  const config = { id: 'm', initial: 'a', states: { a: { entry, ...more } } }
  const machine = createMachine(config as never, { actors: { job } } as never) as AnyStateMachine
  return initialStep(machine, undefined).effects
}

describe('timers', () => {
  test('a delayed raise is one, under its own id', () => {
    expect(asked(raise(() => ({ type: 'WAKE', by: 'ada' }), { id: 'wake', delay: 50 }))).toEqual([
      { type: 'timer.set', id: 'wake', event: { type: 'WAKE', by: 'ada' }, delay: 50 },
    ])
  })

  test('a delayed raise without an id has none yet', () => {
    expect(asked(raise({ type: 'WAKE' }, { delay: 50 }))).toEqual([
      { type: 'timer.set', id: undefined, event: { type: 'WAKE' }, delay: 50 },
    ])
  })

  test('an immediate raise is none: it has been taken in the same step', () => {
    expect(asked(raise({ type: 'WAKE' }))).toEqual([])
  })

  test('a raise whose delay turns out to be no number is immediate to XState, and so none', () => {
    const delay = (() => '50') as unknown as () => number
    expect(asked(raise({ type: 'WAKE' }, { id: 'wake', delay }))).toEqual([])
  })

  test('an "after" is one, and is cancelled when its state is left', () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { after: { 70: 'b' }, on: { GO: 'b' } }, b: {} },
    }) as AnyStateMachine
    const first = initialStep(machine, undefined)
    const id = 'xstate.after.70.m.a'
    expect(first.effects).toEqual([{ type: 'timer.set', id, event: { type: id }, delay: 70 }])
    expect(step(machine, first.snapshot, { type: 'GO' }).effects).toEqual([{ type: 'timer.cancel', id }])
  })

  test('cancel() names one by its id', () => {
    expect(asked(cancel('wake'))).toEqual([{ type: 'timer.cancel', id: 'wake' }])
  })
})

describe('what a machine sends to itself', () => {
  test('later is a timer under the id of the send, so that cancel() finds it', () => {
    expect(asked(sendTo(({ self }) => self, { type: 'WAKE' }, { id: 'letter', delay: 30 }))).toEqual([
      { type: 'timer.set', id: 'letter', event: { type: 'WAKE' }, delay: 30 },
    ])
  })

  test('at once is a timer of no delay, because it belongs in a step of its own', () => {
    expect(asked(sendTo(({ self }) => self, { type: 'WAKE' }, { id: 'letter' }))).toEqual([
      { type: 'timer.set', id: undefined, event: { type: 'WAKE' }, delay: 0 },
    ])
  })
})

describe('actors', () => {
  const invoke = { id: 'work', src: 'job', input: () => ({ page: 1 }) }

  test('an invocation names its id, its source and its input', () => {
    expect(asked([], { invoke })).toEqual([{ type: 'invoke', id: 'work', src: 'job', input: { page: 1 } }])
  })

  test('a spawned actor does too, also where its id is computed', () => {
    expect(asked(spawnChild('job', { id: () => 'job-7' }))).toEqual([
      { type: 'invoke', id: 'job-7', src: 'job', input: undefined },
    ])
  })

  test('may have the same systemId in any number of messages', () => {
    const effects = [1, 2].map(() => asked([], { invoke: { ...invoke, systemId: 'the-one' } }))
    expect(effects[0]).toHaveLength(1)
    expect(effects[1]).toEqual(effects[0])
  })

  test('one that is stopped is named by its id; one that does not exist asks for nothing', () => {
    expect(asked([spawnChild('job', { id: 'j' }), stopChild('j'), stopChild('unknown')]).slice(1)).toEqual([
      { type: 'stop', id: 'j' },
    ])
  })

  test('a send to an actor carries its event and delay', () => {
    const sends = [sendTo('work', { type: 'HI' }), sendTo('work', { type: 'LATER' }, { id: 'later', delay: 9 })]
    expect(asked(sends, { invoke }).filter(({ type }) => type === 'send')).toEqual([
      { type: 'send', target: 'work', event: { type: 'HI' }, delay: undefined },
      { type: 'send', target: 'work', event: { type: 'LATER' }, delay: 9 },
    ])
  })
})

describe('everything else', () => {
  test('emits, logs and custom actions come in the order of the machine', () => {
    const shout = { type: 'shout', params: { loud: true } }
    expect(
      asked([log('hello'), log('hi', 'to you'), shout, emit({ type: 'moved' }), 'plain', function inline() {}]),
    ).toMatchObject([
      { type: 'log', value: 'hello' },
      { type: 'log', value: 'hi', label: 'to you' },
      { type: 'action', name: 'shout', params: { loud: true } },
      { type: 'emit', event: { type: 'moved' } },
      { type: 'action', name: 'plain', params: undefined },
      { type: 'action', name: 'inline', params: undefined },
    ])
  })
})
