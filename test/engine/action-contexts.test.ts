import { describe, expect, test } from '@jest/globals'
import { assign, setup, type AnyStateMachine } from 'xstate'
import { mailOf } from '../../src/engine/claimed.ts'
import { letterTo } from '../../src/engine/letter.ts'
import { stage, type Stage } from './stage.ts'

// A step asks for actions, and they are run when it is over: each is to find the context of the moment at which it was asked for, also
// when it is another worker that reads it from the store.

const notify = { notify: () => {} }
const contextsOf = (it: Stage): unknown[] => [...it.claim().actions.values()].map(({ context }) => context)
const textsOf = ({ shelf }: Stage): string[] =>
  Object.entries(shelf.stored.fields).flatMap(([field, text]) => (field.startsWith('A') ? [text] : []))

describe('an action that is brought back has its context as it was', () => {
  const counting = setup({
    types: { context: {} as { payload: string; n: number; more?: number }, events: {} as { type: 'GO' | 'DROP' } },
    actions: notify,
  }).createMachine({
    id: 'm',
    context: { payload: 'long'.repeat(100), n: 0 },
    entry: ['notify', assign({ n: 1 }), 'notify', assign({ n: 2, more: 1 }), 'notify'],
    on: { GO: { actions: ['notify', assign({ n: ({ context }) => context.n + 1 })] } },
  }) as AnyStateMachine

  const payload = 'long'.repeat(100)
  const first = [
    { payload, n: 0 },
    { payload, n: 1 },
    { payload, n: 2, more: 1 },
  ]

  test('in the first step', () => {
    expect(contextsOf(stage(counting))).toEqual(first)
  })

  test('of which no more is stored than what is another', () => {
    const [before, , after] = textsOf(stage(counting))
    expect(before!.split('\n').slice(3)).toEqual(['', '[{"n":0},["more"]]'])
    expect(after!.split('\n')).toHaveLength(3)
  })

  test('whatever later steps make of it', () => {
    const it = stage(counting)
    it.advance('GO')
    it.advance('GO')
    const more = [2, 3].map((n) => ({ payload, n, more: 1 }))
    expect(contextsOf(it)).toEqual([...first, ...more])
  })

  test('unless that cannot be stored', () => {
    const machine = setup({ actions: notify }).createMachine({
      id: 'm',
      context: {},
      on: { GO: { actions: [assign({ call: () => () => 1 }), 'notify', assign({ call: () => 2 })] } },
    }) as AnyStateMachine
    const it = stage(machine)
    it.advance('GO')
    expect(contextsOf(it)).toEqual([{ call: 2 }])
  })
})

describe('an action of a machine below', () => {
  const kid = setup({ actions: notify }).createMachine({
    id: 'kid',
    context: { who: 'kid', n: 0 },
    entry: ['notify', assign({ n: 1 })],
    initial: 'a',
    states: { a: { on: { END: 'z' } }, z: { type: 'final', entry: 'notify' } },
  })
  const machine = setup({ actors: { kid } }).createMachine({
    id: 'm',
    context: { who: 'parent' },
    initial: 'busy',
    states: { busy: { invoke: { id: 'kid', src: 'kid', onDone: 'over' } }, over: {} },
  }) as AnyStateMachine

  test('has the context of that', () => {
    expect(contextsOf(stage(machine))).toEqual([{ who: 'kid', n: 0 }])
  })

  test('also when that is no more', () => {
    const it = stage(machine)
    it.shelf.deliver(letterTo(['kid'], { type: 'END' }))
    it.advance(...mailOf(it.shelf.stored.inbox))
    expect(it.shelf.stored.state).toBe('over')
    expect(contextsOf(it)).toEqual([
      { who: 'kid', n: 0 },
      { who: 'kid', n: 1 },
    ])
  })

  test('also when that is no more and had nothing in it', () => {
    const brief = setup({ actions: notify }).createMachine({ id: 'brief', type: 'final', entry: 'notify' })
    const it = stage(
      setup({ actors: { brief } }).createMachine({
        id: 'm',
        initial: 'busy',
        states: { busy: { invoke: { id: 'brief', src: 'brief', onDone: 'over' } }, over: {} },
      }) as AnyStateMachine,
    )
    expect(it.shelf.stored.state).toBe('over')
    expect(contextsOf(it)).toEqual([{}])
  })
})
