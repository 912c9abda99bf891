import { describe, expect, test } from '@jest/globals'
import { assign, createMachine, type AnyMachineSnapshot, type AnyStateMachine } from 'xstate'
import { stateName } from '../../src/engine/state-name.ts'
import { inDocumentOrder, initialStep, restsIn, step } from '../../src/engine/transition.ts'
import { machineOf } from './charts/chart.ts'
import { activeNodes } from './sequences.ts'

describe('a step', () => {
  const machine = machineOf({
    entry: assign({ entered: ({ context }) => ((context as { entered?: number }).entered ?? 0) + 1 }),
    on: { GO: 'b', AGAIN: { target: 'a', reenter: true }, SHOUT: { actions: () => {} }, FORBIDDEN: {} },
  })

  test('changes nothing that is given to it', () => {
    const { snapshot } = initialStep(machine, undefined)
    const before = JSON.stringify(snapshot)
    const first = step(machine, snapshot, { type: 'AGAIN' })
    expect(step(machine, snapshot, { type: 'AGAIN' }).snapshot.context).toEqual(first.snapshot.context)
    expect(first.snapshot.context).toEqual({ entered: 2 })
    expect(JSON.stringify(snapshot)).toBe(before)
  })

  test.each<[string, boolean]>([
    ['GO', true],
    ['AGAIN', true],
    ['SHOUT', true],
    ['FORBIDDEN', false],
    ['NEVER_HEARD', false],
  ])('by %s says whether it was taken', (type, changed) => {
    expect(step(machine, initialStep(machine, undefined).snapshot, { type }).changed).toBe(changed)
  })

  test('that throws leaves nothing for the next one', () => {
    const throwing = machineOf({
      exit: ['left', assign({ never: () => JSON.parse('{') as unknown })],
      on: { GO: 'b', SHOUT: { actions: 'shout' } },
    })
    const { snapshot } = initialStep(throwing, undefined)
    expect(() => step(throwing, snapshot, { type: 'GO' })).toThrow(SyntaxError)
    expect(step(throwing, snapshot, { type: 'SHOUT' }).effects).toMatchObject([{ type: 'action', name: 'shout' }])
  })

  test('the first one throws what the context or an entry throws', () => {
    const context = (): never => {
      throw new RangeError('no such order')
    }
    expect(() => initialStep(machineOf({}, {}, { context }), undefined)).toThrow(new RangeError('no such order'))
    expect(() => initialStep(machineOf({ entry: assign(context) }), undefined)).toThrow(new RangeError('no such order'))
  })
})

describe('the order of the document', () => {
  const machine = createMachine({
    id: 'm',
    type: 'parallel',
    states: {
      a: { initial: 'x', states: { x: { tags: 'ax' }, y: { tags: 'ay' } } },
      b: { tags: 'b' },
      c: { initial: 'p', states: { p: { initial: 'deep', states: { deep: { tags: 'deep' } } } } },
    },
  }) as AnyStateMachine
  const resolved = (value: object): AnyMachineSnapshot => machine.resolveState({ value: value as never, context: {} })
  const ids = (snapshot: AnyMachineSnapshot): string[] => activeNodes(snapshot).map(({ id }) => id)

  test('is restored in the states, the value, the name and the tags', () => {
    const shuffled = resolved({ c: { p: 'deep' }, b: {}, a: 'y' })
    expect(stateName(shuffled.value as never)).toBe('c.p.deep+b+a.y')
    const ordered = inDocumentOrder(shuffled)
    expect(ids(ordered)).toEqual(['m', 'm.a', 'm.a.y', 'm.b', 'm.c', 'm.c.p', 'm.c.p.deep'])
    expect(JSON.stringify(ordered.value)).toBe('{"a":"y","b":{},"c":{"p":"deep"}}')
    expect(stateName(ordered.value as never)).toBe('a.y+b+c.p.deep')
    expect([...ordered.tags]).toEqual(['ay', 'b', 'deep'])
    expect(ordered.hasTag('deep')).toBe(true)
  })

  test('costs nothing where it is kept', () => {
    const ordered = inDocumentOrder(resolved({ a: 'x', b: {}, c: { p: 'deep' } }))
    expect(inDocumentOrder(ordered)).toBe(ordered)
  })

  test('tells whether two snapshots are in the same states', () => {
    const at = (leaf: string): AnyMachineSnapshot => inDocumentOrder(resolved({ a: leaf, b: {}, c: { p: 'deep' } }))
    expect(restsIn(at('x'), at('x'))).toBe(true)
    expect(restsIn(at('x'), at('y'))).toBe(false)
    const half = Object.assign({ ...at('x') }, { _nodes: activeNodes(at('x')).slice(0, -1) }) as AnyMachineSnapshot
    expect(restsIn(half, at('x'))).toBe(false)
    expect(restsIn(at('x'), half)).toBe(false)
  })
})
