import { beforeAll, describe, expect, test } from '@jest/globals'
import { messageMachine } from '../../../machines/index.ts'
import { toChart } from '../../../src/inspect/chart/chart.ts'
import { layOut, type Box, type ChartLayout, type PlacedState, type Point } from '../../../src/inspect/chart/layout.ts'
import { nested } from '../../engine/charts/nested.ts'
import { parallel } from '../../engine/charts/parallel.ts'
import { manyStates } from './many-states.ts'

/** A rounding error is no overlap. */
const SLACK = 0.3

const inside = (inner: Box, outer: Box): boolean =>
  inner.x >= outer.x - SLACK &&
  inner.y >= outer.y - SLACK &&
  inner.x + inner.width <= outer.x + outer.width + SLACK &&
  inner.y + inner.height <= outer.y + outer.height + SLACK

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width - SLACK &&
  b.x < a.x + a.width - SLACK &&
  a.y < b.y + b.height - SLACK &&
  b.y < a.y + a.height - SLACK

const pairs = <T>(all: readonly T[]): (readonly [T, T])[] =>
  all.flatMap((a, i) => all.slice(i + 1).map((b) => [a, b] as const))

const onBorder = ({ x, y }: Point, box: Box): boolean =>
  inside({ x, y, width: 0, height: 0 }, box) &&
  [x - box.x, box.x + box.width - x, y - box.y, box.y + box.height - y].some((distance) => Math.abs(distance) < 1)

describe.each([
  ['the default machine', messageMachine],
  ['nested states', nested],
  ['parallel states', parallel],
  ['more than sixty states', manyStates()],
])('the layout of %s', (_, machine) => {
  const chart = toChart(machine)
  let layout: ChartLayout
  let placed: ReadonlyMap<string, PlacedState>
  beforeAll(async () => {
    layout = await layOut(chart)
    placed = new Map(layout.states.map((box) => [box.state.id, box]))
  })

  test('has a place for everything in the chart', () => {
    const count = (state: typeof chart.root): number => 1 + state.states.reduce((sum, child) => sum + count(child), 0)
    expect(layout.states).toHaveLength(count(chart.root))
    expect(layout.edges.filter(({ edge }) => edge).map(({ edge }) => edge)).toEqual(
      expect.arrayContaining([...chart.edges]),
    )
    expect(layout.starts.length).toBe(layout.states.filter(({ state }) => state.initial.length > 0).length)
  })

  test('keeps children inside of their parents, and below what the parent says', () => {
    for (const parent of layout.states) {
      const text = { ...parent, height: parent.lines.length * 15 }
      for (const { id } of parent.state.states) {
        expect([id, inside(placed.get(id)!, parent)]).toEqual([id, true])
        expect([id, overlap(placed.get(id)!, text)]).toEqual([id, false])
      }
    }
  })

  test('lets no siblings overlap, and no label lie on a state that has no states', () => {
    for (const { state } of layout.states) {
      const siblings = state.states.map(({ id }) => placed.get(id)!)
      expect(pairs(siblings).filter(([a, b]) => overlap(a, b))).toEqual([])
    }
    const leaves = layout.states.filter(({ state }) => state.states.length === 0)
    const labels = layout.edges.flatMap(({ label }) => label ?? [])
    expect(labels.filter((label) => leaves.some((leaf) => overlap(label, leaf)))).toEqual([])
    expect(pairs(labels).filter(([a, b]) => overlap(a, b))).toEqual([])
  })

  test('keeps all of it in the picture', () => {
    const picture = { x: 0, y: 0, width: layout.width, height: layout.height }
    const points = layout.edges.flatMap(({ points }) => points.map((point) => ({ ...point, width: 0, height: 0 })))
    const labels = layout.edges.flatMap(({ label }) => label ?? [])
    expect([...layout.states, ...layout.starts, ...labels, ...points].filter((box) => !inside(box, picture))).toEqual(
      [],
    )
  })

  test('leads each edge from the border of one state to that of the other', () => {
    for (const { edge, points } of layout.edges) {
      expect(points.length).toBeGreaterThanOrEqual(2)
      if (!edge) continue
      const ends = [onBorder(points[0]!, placed.get(edge.from)!), onBorder(points.at(-1)!, placed.get(edge.to)!)]
      expect({ ...edge, ends }).toEqual({ ...edge, ends: [true, true] })
    }
  })
})

test('the way from the initial state leads down', async () => {
  const { states } = await layOut(toChart(messageMachine))
  const top = (id: string): number => states.find(({ state }) => state.id === id)!.y
  expect(top('pending')).toBeLessThan(top('processing'))
  expect(top('processing')).toBeLessThan(Math.min(top('retrying'), top('succeeded'), top('dead')))
})

test('the picture of many states is of many states', () => {
  const count = (state: ReturnType<typeof toChart>['root']): number =>
    1 + state.states.reduce((sum, child) => sum + count(child), 0)
  expect(count(toChart(manyStates()).root)).toBeGreaterThanOrEqual(60)
})
