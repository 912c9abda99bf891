import { expect, test } from '@jest/globals'
import { BOUNDS, givenMachine } from '../../../src/inspect/wire/given-definition.ts'
import { toChart } from '../../../src/inspect/chart/chart.ts'

const text = (config: object): string =>
  JSON.stringify({ id: 'given', initial: 'a', states: { a: {}, b: {} }, ...config })

const states = (count: number): object =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [i === 0 ? 'a' : `s${i}`, {}]))

test('of what was sent states, transitions and names are taken, and nothing that runs', () => {
  const machine = givenMachine(
    text({
      context: { secret: 1 },
      entry: 'boom',
      states: {
        a: {
          on: { GO: [{ target: 'b', guard: { type: 'isRich' }, actions: 'pay' }, '#given.c'] },
          after: { 1000: 'b' },
          invoke: { src: 'charge', id: 'pay', onDone: { target: 'c' } },
        },
        b: { type: 'parallel', states: { left: {}, right: {} }, onDone: 'c' },
        c: { type: 'final', tags: ['succeeded'] },
      },
    }),
  )
  expect(JSON.stringify(machine.config)).not.toMatch(/secret|boom|"pay"\]/)
  const { root, edges } = toChart(machine)
  expect(root.states.map(({ id, kind }) => [id, kind])).toEqual([
    ['a', 'atomic'],
    ['b', 'parallel'],
    ['c', 'final'],
  ])
  expect(edges.map(({ label }) => label)).toEqual(['GO [isRich]; after 1000', 'GO, done pay', 'done given.b'])
})

test.each([
  ['no JSON', 'x', /JSON/],
  ['a list', '[]', /no machine/],
  ['nothing', 'null', /no machine/],
  ['a name that bends prototypes', `{"states":{"__proto__":{}}}`, /__proto__/],
  ['an event that does', `{"states":{"a":{"on":{"__proto__":"a"}}}}`, /__proto__/],
  ['a target that is not there', text({ on: { X: 'nowhere' } }), /nowhere/],
  ['too many states', text({ states: states(BOUNDS.states + 1) }), /at most 150 states/],
  ['too many transitions', text({ on: { X: Array.from({ length: 601 }, () => 'a') } }), /at most 600 transitions/],
  ['a long name', text({ states: { a: {}, ['x'.repeat(201)]: {} } }), /names of 200/],
  ['a long text', text({ description: 'x'.repeat(300_000) }), /bytes/],
])('%s is refused with a sentence', (_, definition, sentence) => {
  expect(() => givenMachine(definition)).toThrow(sentence)
  expect(Object.getPrototypeOf({})).toBe(Object.prototype)
})

test('one of a thousand levels is refused before anything is made of it', () => {
  const deep = `${'{"states":{"a":'.repeat(1000)}{}${'}}'.repeat(1000)}`
  expect(() => givenMachine(deep)).toThrow('at most 12 levels')
})
