import { describe, expect, test } from '@jest/globals'
import { createMachine, type AnyStateMachine } from 'xstate'
import { createMessageMachine } from '../../machines/index.ts'
import { hasCode, type RedriveError } from '../../src/errors.ts'
import { acceptsEvent, checkEvent, registerMachine } from '../../src/engine/registry.ts'
import { machineOf } from './charts/chart.ts'

function refusal(run: () => unknown): RedriveError {
  try {
    run()
  } catch (error) {
    if (hasCode(error, 'E_INVALID_EVENT', 'E_UNKNOWN_EVENT')) return error
    throw error
  }
  throw new Error('it was not refused')
}

describe('the fingerprint of a machine', () => {
  const fingerprint = (machine: AnyStateMachine): string => registerMachine(machine).fingerprint
  const chart = (
    change: { state?: object; delay?: number; guard?: () => boolean; text?: string; more?: object } = {},
  ): AnyStateMachine =>
    createMachine(
      {
        id: 'm',
        description: change.text,
        context: { text: change.text ?? '' },
        initial: 'a',
        states: {
          a: {
            on: { GO: { guard: 'isOn', target: 'b' } },
            after: { soon: 'b' },
            entry: () => change.text,
            ...change.state,
          },
          b: { invoke: { id: 'work', src: 'job', input: change.guard, onDone: 'a' } },
          ...change.more,
        },
      } as never,
      {
        guards: { isOn: change.guard ?? (() => true), isOff: () => false },
        delays: { soon: change.delay ?? 1, late: 2 },
      } as never,
    ) as AnyStateMachine

  test('stays the same when numbers, functions and texts change', () => {
    const same = fingerprint(chart())
    expect(fingerprint(chart())).toBe(same)
    expect(fingerprint(chart({ delay: 5000 }))).toBe(same)
    expect(fingerprint(chart({ guard: () => false }))).toBe(same)
    expect(fingerprint(chart({ text: 'other words' }))).toBe(same)
    const [once, often] = [
      createMessageMachine({ attempts: 1 }),
      createMessageMachine({ timeout: 5, backoff: { delay: 9 } }),
    ]
    expect(fingerprint(often)).toBe(fingerprint(once))
  })

  test('is another when the structure changes', () => {
    const changed = [
      chart(),
      chart({ more: { c: {} } }),
      chart({ state: { on: { GO: { guard: 'isOn', target: 'a' } } } }),
      chart({ state: { on: { GO: { guard: 'isOff', target: 'b' } } } }),
      chart({ state: { on: { GO: 'b' } } }),
      chart({ state: { on: { WENT: { guard: 'isOn', target: 'b' } } } }),
      chart({ state: { after: { late: 'b' } } }),
      chart({ state: { always: { guard: 'isOff', target: 'b' } } }),
      chart({ state: { invoke: { id: 'more', src: 'job' } } }),
      chart({ state: { invoke: { id: 'most', src: 'job' } } }),
      chart({ state: { invoke: { id: 'more', src: 'jab' } } }),
      chart({ state: { type: 'final', on: undefined, after: undefined } }),
      chart({ state: { initial: 'x', states: { x: {}, y: {} } } }),
      chart({ state: { initial: 'y', states: { x: {}, y: {} } } }),
      chart({ state: { type: 'parallel', states: { x: {}, y: {} } } }),
      chart({ state: { initial: 'x', states: { x: {}, y: { type: 'history' } } } }),
      chart({ state: { initial: 'x', states: { x: {}, y: { type: 'history', history: 'deep' } } } }),
    ].map(fingerprint)
    expect(new Set(changed).size).toBe(changed.length)
  })
})

describe('an event at the door', () => {
  const shop = registerMachine(
    machineOf({ on: { APPROVE: 'b', REJECT: 'b', 'order.*': 'b', KNOCK: {} }, after: { 10: 'b' } }),
  )
  const open = registerMachine(machineOf({ on: { '*': 'b' } }))

  test('is let in when some state takes it', () => {
    for (const type of ['APPROVE', 'REJECT', 'order.paid', 'order.item.sold', 'order'])
      expect(acceptsEvent(shop, type)).toBe(true)
    for (const type of ['APPROVED', 'orders', 'orderly.paid', 'KNOCK', 'NO'])
      expect(acceptsEvent(shop, type)).toBe(false)
    expect(() => checkEvent(shop, { type: 'order.paid', amount: 5 })).not.toThrow()
  })

  test('is let in whatever it is when a state takes all', () => {
    for (const type of ['NO', 'a.b', 'constructor']) expect(() => checkEvent(open, { type })).not.toThrow()
  })

  test('is refused with what it might have meant', () => {
    const error = refusal(() => checkEvent(shop, { type: 'APROVE' }))
    expect(error.message).toBe(
      'E_UNKNOWN_EVENT: "APROVE" is not accepted by any state of m. Did you mean APPROVE? Possible: APPROVE, REJECT, order.*.',
    )
    expect(error.details).toEqual({ event: 'APROVE', possible: ['APPROVE', 'REJECT', 'order.*'] })
    const deaf = registerMachine(machineOf({ after: { 10: 'b' } }))
    expect(refusal(() => checkEvent(deaf, { type: 'HELLO' })).message).toBe(
      'E_UNKNOWN_EVENT: "HELLO" is not accepted by any state of m. Possible: none.',
    )
  })

  test("is refused when it is one of XState's own, or a wildcard, even by a machine that takes all", () => {
    const own = ['xstate.error.actor.job', 'xstate.done.actor.job', 'xstate.after.10.m.a', 'xstate.stop', 'xstate.init']
    for (const type of own) expect(refusal(() => checkEvent(open, { type })).code).toBe('E_INVALID_EVENT')
    expect(refusal(() => checkEvent(open, { type: '*' })).code).toBe('E_UNKNOWN_EVENT')
    for (const type of [...own, '*']) expect(acceptsEvent(open, type)).toBe(false)
  })

  test.each([undefined, null, 'APPROVE', {}, { type: '' }, { type: 5 }])('is refused when it is none: %j', (event) => {
    expect(refusal(() => checkEvent(shop, event as never)).message).toBe(
      'E_INVALID_EVENT: An event is an object with a "type", e.g. { type: "APPROVE" }.',
    )
  })
})

describe('a state by its name', () => {
  const { template, tags } = registerMachine(
    createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: { tags: ['waiting'] },
        b: { initial: 'c', tags: ['outer'], states: { c: { tags: ['inner'] } } },
        p: {
          type: 'parallel',
          states: { x: { initial: 'i', states: { i: {}, j: {} } }, y: { initial: 'i', states: { i: {} } } },
        },
        done: { type: 'final' },
        sold: { type: 'final', tags: ['sold'] },
      },
    }) as AnyStateMachine,
  )

  test('is the place where a message rests', () => {
    expect(template('a').value).toBe('a')
    expect(template('b.c').value).toEqual({ b: 'c' })
    expect(template('p.x.j+p.y.i').value).toEqual({ p: { x: 'j', y: 'i' } })
    expect(template('b.c')).toBe(template('b.c'))
    expect(template('b.c')).toMatchObject({ context: {}, children: {} })
  })

  test.each(['z', 'a.z', 'b.z', '', 'p.x.j+p.z', '__proto__', 'constructor'])(
    'is refused when there is none: %j',
    (name) => {
      expect(() => template(name)).toThrow(Error)
    },
  )

  test.each(['b', 'p', 'p.x', 'p.x.j', 'a+b.c'])('is refused when nobody can rest there: %j', (name) => {
    expect(() => template(name)).toThrow(`"${name}" is no resting place of m`)
  })

  test('has tags: its own, those around it, and those of its end', () => {
    expect(['a', 'b.c', 'p.x.i+p.y.i', 'done', 'sold', '~failed', '~quarantined', 'nowhere'].map(tags)).toEqual([
      ['waiting'],
      ['outer', 'inner'],
      [],
      ['succeeded'],
      ['sold'],
      ['dead'],
      [],
      [],
    ])
  })
})

describe('history by the ids of its states', () => {
  test('is brought back, also where ids and keys have dots', () => {
    const { historyValue, machine } = registerMachine(
      createMachine({
        id: 'my.machine',
        initial: 'v1.0',
        states: { 'v1.0': { initial: 'a.b', states: { 'a.b': {}, last: { type: 'history' } } } },
      }) as AnyStateMachine,
    )
    const revived = historyValue({ 'my.machine.v1.0.last': ['my.machine.v1.0.a.b'] })
    expect(revived['my.machine.v1.0.last']).toEqual([machine.states['v1.0']!.states['a.b']])
  })

  test('throws when it names a state that is not there any more', () => {
    const { historyValue } = registerMachine(machineOf({}))
    expect(() => historyValue({ 'm.h': ['m.gone'] })).toThrow('m has no state "m.gone", which its history names')
  })
})
