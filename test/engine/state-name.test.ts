import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { assign, createMachine, type AnyStateMachine, type StateValue } from 'xstate'
import { registerMachine } from '../../src/engine/registry.ts'
import { stateName, stateValue } from '../../src/engine/state-name.ts'
import { initialStep, step } from '../../src/engine/transition.ts'
import { chartsWithKeys } from './charts/generated.ts'
import { eventOf, moves, runs } from './sequences.ts'
import { stage } from './stage.ts'

const awkward = fc.oneof(
  fc.string({
    unit: fc.constantFrom('.', '+', '%', '~', '{', '}', ' ', '\t', '\n', '2', 'e', 'a'),
    minLength: 1,
    maxLength: 5,
  }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
  fc.constantFrom(
    '%2e',
    '0',
    '1',
    '10',
    'größe',
    '状態',
    'a.b',
    'constructor',
    'toString',
    'valueOf',
    'hasOwnProperty',
  ),
)

function key(): fc.Arbitrary<string> {
  return fc.oneof({ weight: 9, arbitrary: awkward }, { weight: 1, arbitrary: fc.constant('__proto__') })
}

const within = (value: fc.Arbitrary<StateValue>): fc.Arbitrary<StateValue> =>
  fc.tuple(key(), value).map(([outer, inner]) => Object.fromEntries([[outer, inner]]))

const regions = (value: fc.Arbitrary<StateValue>): fc.Arbitrary<StateValue> =>
  fc
    .uniqueArray(fc.tuple(key(), value), { minLength: 2, maxLength: 3, selector: ([name]) => name })
    .map((entries) => Object.fromEntries(entries))

/** State values: a leaf, a state within a state, or the regions of a parallel state, of which some have no states of their own. */
const { value: anyValue } = fc.letrec<{ value: StateValue; region: StateValue }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, key(), within(tie('value')), regions(tie('region'))),
  region: fc.oneof({ maxDepth: 3 }, fc.constant({}), tie('value')),
}))

describe('the name of a state value', () => {
  test.each<[StateValue, string]>([
    ['pending', 'pending'],
    [{ review: 'waiting' }, 'review.waiting'],
    [{ review: { second: 'waiting' } }, 'review.second.waiting'],
    [{ billing: 'due', shipping: 'packed' }, 'billing.due+shipping.packed'],
    [
      { order: { billing: 'due', shipping: { box: 'open' }, audit: {} } },
      'order.billing.due+order.shipping.box.open+order.audit',
    ],
    [{ '50 %': 'a.b' }, '50%20%25.a%2eb'],
    ['~dead+{x}', '%7edead%2b%7bx%7d'],
  ])('%j is %s', (value, name) => {
    expect(stateName(value)).toBe(name)
    expect(stateValue(name)).toEqual(value)
  })

  test('tells the whole value, in its order, whatever its keys are', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(JSON.stringify(stateValue(stateName(value)))).toBe(JSON.stringify(value))
        expect(stateValue(stateName(value))).toEqual(value)
      }),
      runs(1000),
    )
  })

  test('can stand in a key of Redis, and is none of those that mean something else', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        // oxlint-disable-next-line no-control-regex
        expect(stateName(value)).toMatch(/^[^~{}\u0000-\u0020]+$/)
      }),
      runs(300),
    )
  })
})

test('a name that comes from elsewhere reaches no prototype', () => {
  for (const name of ['__proto__.polluted', 'constructor.polluted', 'a.__proto__.polluted+a.b', 'toString.polluted']) {
    expect(Object.keys(stateValue(name))).toHaveLength(1)
    expect({}).not.toHaveProperty('polluted')
    expect(Object).not.toHaveProperty('polluted')
    expect(Object.prototype.toString).not.toHaveProperty('polluted')
  }
})

describe('a machine finds each of its states again by the name', () => {
  test('with any keys', () => {
    let names = 0
    // XState takes a key that begins with # for an id.
    const keys = awkward.filter((each) => !each.startsWith('#'))
    fc.assert(
      fc.property(chartsWithKeys(keys), moves(12), (chart, sequence) => {
        const { machine, template } = registerMachine(chart)
        let snapshot = startOf(machine)
        for (const move of sequence) {
          if (snapshot?.status !== 'active') return
          const found = template(stateName(snapshot.value as StateValue))
          expect(JSON.stringify(found.value)).toBe(JSON.stringify(snapshot.value))
          names++
          snapshot = stepFrom(machine, snapshot, eventOf(move, snapshot))
        }
      }),
      runs(60),
    )
    expect(names).toBeGreaterThan(200)
  })

  test('also where a parallel state has one region only', () => {
    const config = { id: 'm', type: 'parallel', states: { only: {} } } as const
    const deeper = {
      id: 'm',
      initial: 'p',
      states: { p: { type: 'parallel', states: { only: { initial: 'a', states: { a: {} } } } } },
    } as const
    for (const chart of [createMachine(config), createMachine(deeper as never)] as AnyStateMachine[]) {
      const { value } = initialStep(chart, undefined).snapshot
      expect(registerMachine(chart).template(stateName(value as StateValue)).value).toEqual(value)
    }
  })
})

const startOf = (machine: AnyStateMachine) => attempt(() => initialStep(machine, undefined).snapshot)
const stepFrom = (...[machine, snapshot, event]: Parameters<typeof step>) =>
  attempt(() => step(machine, snapshot, event).snapshot)

/** Machines that are drawn by lot may go round and round. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}

describe('a machine without states', () => {
  test('has a name for where it is, which no state can have', () => {
    expect(stateName({})).toBe('~machine')
    expect(stateValue('~machine')).toEqual({})
    expect(stateName('~machine')).not.toBe('~machine')
  })

  test('is a message like any other', () => {
    const it = stage(
      createMachine({
        id: 'counter',
        context: { count: 0 },
        tags: ['open'],
        on: { ADD: { actions: assign({ count: ({ context }: { context: { count: number } }) => context.count + 1 }) } },
      }) as AnyStateMachine,
    )
    it.advance('ADD')
    expect(it.advance('ADD').entry).toMatchObject({ state: '~machine', disposal: 'release' })
    expect(it.claim().snapshot).toMatchObject({ value: {}, context: { count: 2 } })
    expect(it.machine.tags('~machine')).toEqual(['open'])
  })
})
