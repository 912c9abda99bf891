import { describe, expect, test } from '@jest/globals'
import {
  and,
  assign,
  createMachine,
  enqueueActions,
  fromCallback,
  fromObservable,
  fromPromise,
  not,
  or,
  raise,
  sendTo,
  setup,
  spawnChild,
  stateIn,
  type AnyStateMachine,
} from 'xstate'
import { hasCode } from '../../src/errors.ts'
import { registerMachine } from '../../src/engine/registry.ts'
import { machineOf } from './charts/chart.ts'

const job = fromPromise(() => Promise.resolve())

/** Everything that a registration has to say against a machine. */
function problemsOf(machine: AnyStateMachine): string[] {
  try {
    registerMachine(machine)
    return []
  } catch (error) {
    if (!hasCode(error, 'E_INVALID_MACHINE')) throw error
    return (error.details['problems'] as string[]).map(withoutReference)
  }
}

/** `machine-checks.test.ts` looks at where a message tells to read on. */
const withoutReference = (text: string): string =>
  text.replace(/\. See docs\/\S+$/, '').replace(/\? See docs\/\S+$/, '?')

describe('a machine is refused', () => {
  test('when it is none', () => {
    expect(() => registerMachine({ id: 'm', states: {} } as never)).toThrow(
      'E_INVALID_MACHINE: machine must be a machine of XState 5, as createMachine() or setup().createMachine() return it.',
    )
  })

  test.each<[string, object, string]>([
    [
      'an id that can stand before its version',
      { id: 'order@home', initial: 'a', states: { a: {} } },
      `the machine's id "order@home" must be 1 to 80 characters without @ and #`,
    ],
    [
      'a version that can be stored',
      { id: 'm', version: '1#2', initial: 'a', states: { a: {} } },
      `the machine's version "1#2" must be 1 to 40 letters, digits and . _ + -`,
    ],
  ])('without %s', (_, config, problem) => {
    expect(problemsOf(createMachine(config as never) as AnyStateMachine)).toEqual([problem])
  })

  test.each<[string, object, string]>([
    [
      'in itself',
      { initial: 'opne', states: { open: {} } },
      'state "m" begins in "opne", and "m" has no such state. Did you mean "open"?',
    ],
    [
      'in a state below, with actions',
      { initial: 'a', states: { a: { initial: { target: 'x', actions: [] }, states: { open: {}, shut: {} } } } },
      'state "m.a" begins in "x", and "m.a" has no such state. It has: open, shut',
    ],
    [
      'for a history',
      { initial: 'a', states: { a: { on: { BACK: 'back' } }, back: { type: 'history', target: 'a.b' } } },
      'the history "m.back" has "a.b" for its default, and "m" has no such state. Did you mean "a"?',
    ],
  ])('without a state to begin in, %s', (_, config, problem) => {
    expect(problemsOf(createMachine({ id: 'm', ...config } as never) as AnyStateMachine)).toEqual([problem])
  })

  test('not for the default of a history that XState finds', () => {
    const back = { type: 'history' }
    const states = {
      a: { id: 'deep.er', initial: 'b', states: { b: {} } },
      one: { ...back, target: 'a.b' },
      two: { ...back, target: '#deep.er' },
      three: back,
    }
    expect(() =>
      registerMachine(createMachine({ id: 'm', initial: 'a', states } as never) as AnyStateMachine),
    ).not.toThrow()
  })

  test('with everything that is wrong in it, at once', () => {
    const machine = createMachine({ id: 'a@b', initial: 'a', version: '?', states: { a: { entry: 'lost' } } } as never)
    expect(problemsOf(machine as AnyStateMachine)).toHaveLength(3)
    expect(() => registerMachine(machine as AnyStateMachine)).toThrow(
      /^E_INVALID_MACHINE: "a@b" cannot be made durable:\n- .+\n- .+\n- .+$/,
    )
  })

  describe('when it names what is not implemented:', () => {
    const known = {
      actions: { notify: () => {}, record: assign({}) },
      guards: { isOdd: () => true, isBig: () => true },
      delays: { backoff: 10, soon: 5 },
    }

    test.each<[string, object, string]>([
      [
        'an action at the entry',
        { entry: 'notfy' },
        'names the action "notfy", which is not implemented. Did you mean "notify"?',
      ],
      [
        'an action at the exit',
        { exit: ['notify', { type: 'recrd' }] },
        'names the action "recrd", which is not implemented. Did you mean "record"?',
      ],
      [
        'an action like no other',
        { on: { GO: { actions: 'celebrate' } } },
        'names the action "celebrate", which is not implemented. Add it to setup({ actions }) or provide()',
      ],
      [
        'an action without an event',
        { always: { guard: 'isOdd', actions: 'notifyy' } },
        'names the action "notifyy", which is not implemented. Did you mean "notify"?',
      ],
      [
        'an action after a delay',
        { after: { soon: { actions: 'nope' } } },
        'names the action "nope", which is not implemented. Add it to setup({ actions }) or provide()',
      ],
      [
        'an action of an invocation',
        { invoke: { id: 'i', src: 'job', onDone: { actions: 'recorded' } } },
        'names the action "recorded", which is not implemented. Did you mean "record"?',
      ],
      [
        'an action of the initial transition',
        { initial: { target: 'in', actions: 'notif' }, states: { in: {} } },
        'names the action "notif", which is not implemented. Did you mean "notify"?',
      ],
      [
        'a guard',
        { on: { GO: { guard: 'isod', target: 'b' } } },
        'names the guard "isod", which is not implemented. Did you mean "isOdd"?',
      ],
      [
        'a guard with parameters',
        { always: { guard: { type: 'isBigg', params: {} }, target: 'b' } },
        'names the guard "isBigg", which is not implemented. Did you mean "isBig"?',
      ],
      [
        'a guard within others',
        { on: { GO: { guard: and(['isOdd', or([not('isBgi'), stateIn('a')])]), target: 'b' } } },
        'names the guard "isBgi", which is not implemented. Did you mean "isBig"?',
      ],
      [
        'a delay',
        { after: { backof: 'b' } },
        'names the delay "backof", which is not implemented. Did you mean "backoff"?',
      ],
      [
        'a delay of a raise',
        { entry: raise({ type: 'X' }, { delay: 'son' } as never) },
        'names the delay "son", which is not implemented. Did you mean "soon"?',
      ],
      [
        'a delay of a send',
        { on: { GO: { actions: sendTo(({ self }) => self, { type: 'X' }, { delay: 'quarterly' } as never) } } },
        'names the delay "quarterly", which is not implemented. Add it to setup({ delays }) or provide()',
      ],
    ])('%s', (_, config, problem) => {
      expect(problemsOf(machineOf(config, { ...known, actors: { job } }))).toEqual([`state "m.a" ${problem}`])
    })

    test('a guard of a guard, and a delay of an action', () => {
      const implementations = {
        actions: { remind: raise({ type: 'X' }, { delay: 'son' } as never) },
        guards: { isFine: and(['isOdd', not('isBgi')]), isOdd: () => true, isBig: () => true },
        delays: { soon: 5 },
      }
      expect(
        problemsOf(machineOf({ entry: 'remind', on: { GO: { guard: 'isFine', target: 'b' } } }, implementations)),
      ).toEqual([
        'the action "remind" names the delay "son", which is not implemented. Did you mean "soon"?',
        'the guard "isFine" names the guard "isBgi", which is not implemented. Did you mean "isBig"?',
      ])
    })
  })

  test('each fault is told once', () => {
    const GO = { target: 'b', actions: 'nobody' }
    expect(problemsOf(machineOf({ on: { GO, AGAIN: GO } }))).toEqual([
      'state "m.a" names the action "nobody", which is not implemented. Add it to setup({ actions }) or provide()',
    ])
  })

  describe('when it runs an actor that a worker cannot run:', () => {
    const stream =
      'which is a callback or an observable: what it sends between start and end would be lost with its process. In its place (machine.provide({ actors }) puts it there) use fromPromise for work that ends, a machine with an `after` and sendParent() for a clock, and queue.signal() for what comes from outside'
    const observable = fromObservable(() => ({ subscribe: () => ({ unsubscribe() {} }) }))

    test.each<[string, unknown, string]>([
      ['a callback', fromCallback(() => {}), stream],
      ['an observable', observable, stream],
    ])('%s', (_, logic, why) => {
      const invoked = machineOf({ invoke: { id: 'i', src: 'thing' } }, { actors: { thing: logic } })
      expect(problemsOf(invoked)).toEqual([`state "m.a" invokes "thing", ${why}`])
      const inPlace = machineOf({ invoke: { id: 'i', src: logic } })
      expect(problemsOf(inPlace)).toEqual([`state "m.a" invokes "xstate.invoke.0.m.a", ${why}`])
      const spawned = machineOf({ entry: spawnChild('thing', { id: 's' }) }, { actors: { thing: logic } })
      expect(problemsOf(spawned)).toEqual([`state "m.a" spawns "thing", ${why}`])
    })

    test('one whose name cannot be stored', () => {
      expect(problemsOf(machineOf({ invoke: { id: 'two\nlines', src: 'job' } }))).toEqual([
        'state "m.a" invokes "job", and the line feed in its name cannot be stored',
      ])
    })

    test('a spawned one without an id', () => {
      const why = 'spawns an actor without an id: its result could not find the way back. Add id: "…" to spawnChild()'
      const config = { on: { GO: { actions: spawnChild('job') } } }
      expect(problemsOf(machineOf(config, { actors: { job } }))).toEqual([`state "m.a" ${why}`])
      const named = { actors: { job }, actions: { start: spawnChild('job') } }
      expect(problemsOf(machineOf({ entry: 'start' }, named))).toEqual([`the action "start" ${why}`])
    })

    test('a spawned one without a name', () => {
      expect(problemsOf(machineOf({ entry: spawnChild(job, { id: 's' }) }))).toEqual([
        'state "m.a" spawns an actor that has no name: it could not be started again. Add it to setup({ actors }) and spawn it by its name',
      ])
    })
  })
})

describe('a machine is accepted', () => {
  const invocation = (id: string) => ({ id, src: 'job', onError: {} })
  test('with a warning where an invocation has no id, because XState then names it by its position', () => {
    const invoke = [invocation('own'), { src: 'other', onError: {} }]
    const { warnings, sources } = registerMachine(machineOf({ invoke }))
    expect(warnings.map(withoutReference)).toEqual([
      'state "m.a" invokes "other" without an id: "1.m.a" ties stored messages to its position in the chart. Add id: "…" to the invoke',
    ])
    expect(sources).toEqual(['job', 'other'])
  })

  test.each<[boolean, string, object]>([
    [true, 'one state', { invoke: [invocation('i'), invocation('i')] }],
    [
      true,
      'a state and one within it',
      { invoke: invocation('i'), initial: 'x', states: { x: { invoke: invocation('i') } } },
    ],
    [
      true,
      'two regions, however deep',
      {
        type: 'parallel',
        states: { x: { initial: 'y', states: { y: { invoke: invocation('i') } } }, z: { invoke: invocation('i') } },
      },
    ],
    [
      false,
      'two states of which one is active at a time',
      { initial: 'x', states: { x: { invoke: invocation('i') }, y: { invoke: invocation('i') } } },
    ],
    [
      false,
      'two regions, under ids of their own',
      { type: 'parallel', states: { x: { invoke: invocation('i') }, y: { invoke: invocation('j') } } },
    ],
  ])('with a warning (%s) of one id for the invocations of %s', (warned, _, config) => {
    const { warnings } = registerMachine(machineOf(config))
    expect(
      warnings.filter((warning) => warning.includes('both invoke under the id "i": only the later actor will run')),
    ).toHaveLength(warned ? 1 : 0)
    expect(warnings).toHaveLength(warned ? 1 : 0)
  })

  test('with promise actors by name or in place, and with handlers that a worker will have', () => {
    const machine = machineOf(
      {
        invoke: [
          { id: 'i', src: job },
          { id: 'j', src: 'job' },
          { id: 'k', src: 'handler' },
        ],
      },
      { actors: { job } },
    )
    expect(registerMachine(machine).sources).toEqual(['xstate.invoke.0.m.a', 'job', 'handler'])
  })

  test('with spawned actors, which are its sources as well', () => {
    const machine = machineOf(
      { entry: ['start', spawnChild('job', { id: 's' })] },
      { actions: { start: spawnChild('later', { id: 't' }) } },
    )
    expect(new Set(registerMachine(machine).sources)).toEqual(new Set(['job', 'later']))
  })

  test('with whatever else XState knows', () => {
    const machine = setup({ guards: { isOn: () => true }, delays: { soon: 1 } }).createMachine({
      id: 'all.of-it_2',
      version: '1.2.3-beta+4',
      initial: 'a',
      entry: [assign({}), enqueueActions(() => {}), raise({ type: 'X' }, { delay: 'soon' })],
      states: {
        a: {
          on: { '*': { guard: and(['isOn', stateIn('#x'), () => true]), target: 'h' } },
          after: { 100: 'p', soon: 'p' },
        },
        h: { id: 'x', initial: 'i', states: { i: {}, last: { type: 'history' } } },
        p: { type: 'parallel', states: { one: {}, two: {} } },
      },
    })
    const { ref, id, version } = registerMachine(machine as AnyStateMachine)
    expect({ id, version }).toEqual({ id: 'all.of-it_2', version: '1.2.3-beta+4' })
    expect(ref).toMatch(/^all\.of-it_2@1\.2\.3-beta\+4#[0-9a-f]{8}$/)
    expect(registerMachine(machineOf({})).version).toBe('0')
  })
})
