import { expect, test } from '@jest/globals'
import { setup } from 'xstate'
import { toChart } from '../../../src/inspect/chart/chart.ts'
import { readableDelays } from '../../../src/inspect/chart/delay-text.ts'
import { layOut } from '../../../src/inspect/chart/layout.ts'

test.each([
  ['after 86400000', 'after 1 d'],
  ['GO, after 5400000 [isRich]', 'GO, after 1 h 30 min [isRich]'],
  ['after 1001', 'after 1 s 1 ms'],
  ['after 0', 'after 0 ms'],
  ['after backoff', 'after backoff'],
  ['after 3tries', 'after 3tries'],
])('%s is read as %s', (text, readable) => {
  expect(readableDelays(text)).toBe(readable)
})

test('an edge says how long in words, and keeps the name by which its messages are known', async () => {
  const machine = setup({}).createMachine({
    id: 'm',
    initial: 'a',
    states: { a: { after: { 86_400_000: 'b' } }, b: { type: 'final' } },
  })
  const { edges } = await layOut(toChart(machine))
  const drawn = edges.find(({ edge }) => edge)
  expect([drawn!.label!.lines, drawn!.edge!.triggers[0]!.events]).toEqual([['after 1 d'], ['after 86400000']])
})
