import { describe, expect, test } from '@jest/globals'
import type { AnyStateMachine } from 'xstate'
import { createMessageMachine } from '../../machines/index.ts'
import { approval, dunning, orderSaga, polling } from '../../machines/examples/index.ts'
import { edgeFinder, ratesOf } from '../../src/dashboard/app/chart/edge-finder.ts'
import { toDrawing, type Box, type Drawing } from '../../src/dashboard/app/chart/geometry.ts'
import { heatOf, thicknessOf } from '../../src/dashboard/app/chart/heat.ts'
import { neighbour } from '../../src/dashboard/app/chart/neighbour.ts'
import { NOBODY, populationOf } from '../../src/dashboard/app/chart/population.ts'
import { toChart } from '../../src/inspect/chart/chart.ts'
import { layOut } from '../../src/inspect/chart/layout.ts'
import { manyStates } from '../inspect/chart/many-states.ts'

const draw = async (machine: AnyStateMachine): Promise<Drawing> => toDrawing(await layOut(toChart(machine)))

const MACHINES: readonly (readonly [string, AnyStateMachine])[] = [
  ['the default machine', createMessageMachine()],
  ['an approval', approval],
  ['dunning', dunning],
  ['an order saga', orderSaga],
  ['polling', polling],
  ['sixty states', manyStates()],
]

describe.each(MACHINES)('%s', (_, machine) => {
  test('has room for the figures of each state, and no two states overlap', async () => {
    const { states, bounds } = await draw(machine)
    const family = (path: readonly string[]): string => path.slice(0, -1).join('/')
    const overlaps = states.flatMap((a, i) =>
      states
        .slice(i + 1)
        .filter((b) => a.state.id !== '' && family(a.state.path) === family(b.state.path) && overlap(a.box, b.box))
        .map((b) => `${a.state.id} and ${b.state.id}`),
    )
    expect(overlaps).toEqual([])
    const small = states.filter(({ outer, state, box }) => !outer && state.kind !== 'history' && box.height < 50)
    expect(small).toEqual([])
    for (const { box } of states) expect(within(box, bounds)).toBe(true)
  })

  test('has words that stand as near to their edge as in the layout', async () => {
    const layout = await layOut(toChart(machine))
    const { edges } = toDrawing(layout)
    const far = edges.filter(({ points, label }, i) => {
      const box = layout.edges[i]!.label
      if (!label || !box) return false
      const away = distance(layout.edges[i]!.points, { x: box.x + box.width / 2, y: box.y + box.height / 2 })
      return edges[i]!.edge!.from !== edges[i]!.edge!.to && distance(points, label.at) > away + 8
    })
    expect(far.map(({ label }) => label!.lines)).toEqual([])
  })

  test('has edges at right angles that end at the border of their states', async () => {
    const { states, edges } = await draw(machine)
    // The layout itself is half a pixel off here and there.
    const slack = 2
    const boxes = new Map(states.map(({ state, box }) => [state.id, box]))
    const faults = edges.flatMap(({ edge, points }) => {
      const slanted = points
        .slice(1)
        .some((to, i) => Math.min(Math.abs(to.x - points[i]!.x), Math.abs(to.y - points[i]!.y)) > slack)
      const box = edge && boxes.get(edge.to)
      return slanted || (box && !onBorder(box, points.at(-1)!)) ? [edge] : []
    })
    expect(faults).toEqual([])
  })
})

/** From the nearest point of an edge. */
function distance(points: readonly Spot[], to: Spot): number {
  const ways = points.slice(1).map((end, i) => {
    const begin = points[i]!
    const x = Math.min(Math.max(to.x, Math.min(begin.x, end.x)), Math.max(begin.x, end.x))
    const y = Math.min(Math.max(to.y, Math.min(begin.y, end.y)), Math.max(begin.y, end.y))
    return Math.hypot(x - to.x, y - to.y)
  })
  return Math.min(...ways)
}

interface Spot {
  readonly x: number
  readonly y: number
}

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

const within = (a: Box, b: Box): boolean =>
  a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width && a.y + a.height <= b.y + b.height

function onBorder({ x, y, width, height }: Box, at: { x: number; y: number }): boolean {
  const near = (a: number, b: number): boolean => Math.abs(a - b) < 1.5
  const beside = at.x > x - 1.5 && at.x < x + width + 1.5 && at.y > y - 1.5 && at.y < y + height + 1.5
  return beside && (near(at.x, x) || near(at.x, x + width) || near(at.y, y) || near(at.y, y + height))
}

test('a transition is drawn on the edge that it took, whatever level the edge is at', async () => {
  const drawing = await draw(manyStates())
  const find = edgeFinder(drawing)
  const ends = (from: string | null, to: string, event: string): unknown => {
    const found = find(from, to, event)
    return found && [found.edge?.from, found.edge?.to]
  }
  const start = 'stage0.left.s0+stage0.right.idle'
  expect(ends(start, 'stage0.left.s1+stage0.right.idle', 'NEXT')).toEqual(['stage0.left.s0', 'stage0.left.s1'])
  expect(ends(start, 'stage0.left.s0+stage0.right.gone', 'GO')).toEqual(['stage0.right.idle', 'stage0.right.gone'])
  expect(ends(start, 'stage2.left.s1+stage2.right.idle', 'JUMP_0')).toEqual(['stage0', 'stage2.left.s1'])
  expect(ends(start, start, 'NOBODY_KNOWS')).toEqual(['', '']) // the machine hears every event, by its '*'
  expect(edgeFinder(await draw(createMessageMachine()))('dead', 'dead', 'CANCEL')).toBeUndefined()
  expect(find(null, start, 'init')?.edge).toBeUndefined()
  const rates = ratesOf(
    [
      { from: 'stage0.left.s0', to: 'stage0.left.s1', event: 'NEXT', perSecond: 2 },
      { from: start, to: 'stage0.left.s1+stage0.right.idle', event: 'NEXT', perSecond: 3 },
    ],
    drawing,
    find,
  )
  expect([...rates.values()]).toEqual([5])
})

test('a message in two regions is counted in both, and once in what holds them', () => {
  const { root } = toChart(manyStates())
  const three = { ...NOBODY, count: 3 }
  const population = populationOf(root, { 'stage0.left.s0': three, 'stage0.right.idle': three })
  const counts = ['stage0.left.s0', 'stage0.left', 'stage0.right', 'stage0', 'stage1', ''].map(
    (id) => population.get(id)?.count,
  )
  expect(counts).toEqual([3, 3, 3, 3, 0, 3])
})

test('arrow keys find the state in their direction, and stay where there is none', async () => {
  const { states } = await draw(createMessageMachine())
  const at = (id: string) => states.find(({ state }) => state.id === id)!
  const from = (id: string, key: string): string | undefined => neighbour(states, at(id), key)?.state.id
  expect(from('pending', 'ArrowDown')).toBe('dead')
  expect(from('processing', 'ArrowDown')).toBe('retrying')
  expect(from('dead', 'ArrowRight')).toBe('cancelled')
  expect(from('pending', 'ArrowUp')).toBeUndefined()
})

test('heat and thickness grow by orders of magnitude, within bounds', () => {
  expect([null, 5, 10].map(heatOf)).toEqual([0, 0, 0])
  expect(heatOf(1000)).toBeGreaterThan(heatOf(100))
  expect(heatOf(1e12)).toBe(1)
  expect(thicknessOf(10)).toBeGreaterThan(thicknessOf(1))
  expect(thicknessOf(1e9)).toBe(8)
})
