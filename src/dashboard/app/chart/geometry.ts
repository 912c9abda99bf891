import type { ChartEdge, ChartState } from '../../../inspect/chart/chart.ts'
import type { ChartLayout, PlacedState, Point } from '../api/chart.ts'
import { uprightsOf, widened, type Upright } from './card-room.ts'

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A chart ready to be drawn: boxes large enough for live figures. */
export interface Drawing {
  readonly bounds: Box
  readonly states: readonly DrawnState[]
  readonly edges: readonly DrawnEdge[]
  readonly starts: readonly Point[]
}

export interface DrawnState {
  readonly state: ChartState
  readonly box: Box
  /** It holds other states. */
  readonly outer: boolean
}

export interface DrawnEdge {
  /** `undefined` for the one from the dot to the initial state. */
  readonly edge: ChartEdge | undefined
  readonly points: readonly Point[]
  readonly label: { readonly at: Point; readonly lines: readonly string[] } | undefined
}

/** The layout places names; figures need more: `succeeded` and `9,999` stand side by side in a card of this size. */
const CARD = { width: 186, height: 52 }
const MARGIN = 14
/** Of a state around those in it: at its sides, and at its top where its name is. */
const PADDING = 14
const HEAD = 40
const LOOP = 20
/** More room between an edge and its words than in the layout, which has them a little smaller. */
const GAP = 4

interface Stretch {
  readonly x: number
  readonly y: number
}

/** A chart of few words has its boxes close together: they are drawn further apart until the cards keep clear of each other. */
const LEAST: Stretch = { x: 1.25, y: 1.2 }
const STEP = 0.15
const MOST = 3
const CLEARANCE = { x: 16, y: 22 }

export function toDrawing(layout: ChartLayout): Drawing {
  const placed = layout.states.filter((state) => !isFrame(state, layout))
  const by = roomFor(placed, layout)
  const states = drawStates(placed, layout, by)
  const boxes = new Map(states.map(({ state, box }) => [state.id, box]))
  const edges = layout.edges.map(({ edge, points, label }) => {
    const stretched = points.map((point) => stretch(point, by))
    const way = edge
      ? ways(stretched, boxes.get(edge.from), boxes.get(edge.to))
      : endInside(stretched, [...boxes.values()])
    const at = label && beside(points, centre(label), by)
    const isLoop = edge !== undefined && edge.from === edge.to
    return {
      edge,
      points: way,
      label: label && at && { at: isLoop ? clearOf(way, at, label.width) : at, lines: label.lines },
    }
  })
  const starts = layout.starts.map((dot) => stretch(centre(dot), by))
  return { bounds: boundsOf(states, edges, starts), states, edges, starts }
}

/** Stretching keeps every edge at right angles, and makes the room between the boxes into which they can grow. */
function roomFor(placed: readonly PlacedState[], layout: ChartLayout): Stretch {
  let by = LEAST
  while (by.x < MOST && by.y < MOST) {
    const crowded = crowding(drawStates(placed, layout, by))
    if (crowded.length === 0) return by
    by = { x: by.x + (crowded.includes('x') ? STEP : 0), y: by.y + (crowded.includes('y') ? STEP : 0) }
  }
  return by
}

function crowding(states: readonly DrawnState[]): readonly ('x' | 'y')[] {
  const family = ({ state }: DrawnState): string => state.path.slice(0, -1).join('\n')
  return states.flatMap((a, index) =>
    states
      .slice(index + 1)
      .flatMap((b) => (family(a) === family(b) && a.state.id !== '' ? (crowd(a.box, b.box) ?? []) : [])),
  )
}

/** In which direction two boxes are too close, and would first be clear. */
function crowd(a: Box, b: Box): 'x' | 'y' | undefined {
  const [from, to] = [centre(a), centre(b)]
  const x = (a.width + b.width) / 2 + CLEARANCE.x - Math.abs(from.x - to.x)
  const y = (a.height + b.height) / 2 + CLEARANCE.y - Math.abs(from.y - to.y)
  if (x <= 0 || y <= 0) return undefined
  return y < x ? 'y' : 'x'
}

/** The innermost first, so that what holds others can grow around them. */
function drawStates(placed: readonly PlacedState[], { edges }: ChartLayout, by: Stretch): readonly DrawnState[] {
  const cards = new Map<string, DrawnState>()
  const ways = edges.map(({ edge, points }) => ({ edge, uprights: uprightsOf(points.map((at) => stretch(at, by))) }))
  for (const each of placed.toReversed()) {
    const { id, states } = each.state
    const inside = states.flatMap((child) => cards.get(child.id)?.box ?? [])
    // Its own loops are drawn anew beside it.
    const passing = ways.filter(({ edge }) => edge?.from !== id || edge.to !== id).flatMap(({ uprights }) => uprights)
    cards.set(id, drawn(each, by, inside, passing))
  }
  return placed.flatMap(({ state }) => cards.get(state.id) ?? [])
}

/** The outline of the whole machine says nothing, unless something leads from or to it. */
const isFrame = ({ state }: PlacedState, { edges }: ChartLayout): boolean =>
  state.id === '' && !edges.some(({ edge }) => edge && (edge.from === '' || edge.to === ''))

const stretch = ({ x, y }: Point, by: Stretch): Point => ({ x: x * by.x, y: y * by.y })

/** Words stay about as near to their edge as the layout has put them, however far the boxes are drawn apart. */
function beside(points: readonly Point[], words: Point, by: Stretch): Point {
  const near = nearest(points, words)
  const { x, y } = stretch(near, by)
  return { x: x + words.x - near.x + GAP * Math.sign(words.x - near.x), y: y + words.y - near.y }
}

/** The point of an edge that is closest to another one. */
function nearest(points: readonly Point[], to: Point): Point {
  const between = (value: number, a: number, b: number): number =>
    Math.min(Math.max(value, Math.min(a, b)), Math.max(a, b))
  const far = ({ x, y }: Point): number => Math.hypot(x - to.x, y - to.y)
  const feet = points.slice(1).map((end, index) => {
    const begin = points[index] ?? end
    return { x: between(to.x, begin.x, end.x), y: between(to.y, begin.y, end.y) }
  })
  return feet.toSorted((a, b) => far(a) - far(b))[0] ?? to
}

export const centre = ({ x, y, width, height }: Box): Point => ({ x: x + width / 2, y: y + height / 2 })

function drawn(
  { state, ...box }: PlacedState,
  by: Stretch,
  inside: readonly Box[],
  passing: readonly Upright[],
): DrawnState {
  const { x, y } = stretch(box, by)
  const [width, height] = [box.width * by.x, box.height * by.y]
  const outer = state.states.length > 0
  if (outer) return { state, outer, box: around({ x, y, width, height }, inside) }
  if (state.kind === 'history') return { state, outer, box: { x, y, width, height } }
  const tall = Math.max(height, CARD.height)
  const card = { x, y: y - (tall - height) / 2, width, height: tall }
  return { state, outer, box: widened(card, CARD.width, passing) }
}

function around(box: Box, inside: readonly Box[]): Box {
  const left = Math.min(box.x, ...inside.map(({ x }) => x - PADDING))
  const top = Math.min(box.y, ...inside.map(({ y }) => y - HEAD))
  const right = Math.max(box.x + box.width, ...inside.map(({ x, width }) => x + width + PADDING))
  const bottom = Math.max(box.y + box.height, ...inside.map(({ y, height }) => y + height + PADDING))
  return { x: left, y: top, width: right - left, height: bottom - top }
}

const ways = (points: readonly Point[], from: Box | undefined, to: Box | undefined): readonly Point[] =>
  from && from === to && points.every((point) => holds(from, point)) ? loop(points, from) : meet(points, from, to)

/** A way back to the same box that the box has swallowed: it is drawn anew at the side where it was. */
function loop(points: readonly Point[], box: Box): readonly Point[] {
  const { x, y } = centre(box)
  const mean = points.reduce((sum, point) => sum + point.x, 0) / Math.max(points.length, 1)
  const side = mean < x ? box.x : box.x + box.width
  const out = mean < x ? side - LOOP : side + LOOP
  return [
    { x: side, y: y - LOOP / 2 },
    { x: out, y: y - LOOP / 2 },
    { x: out, y: y + LOOP / 2 },
    { x: side, y: y + LOOP / 2 },
  ]
}

/** The words of a way that was drawn anew stand outside of it. */
function clearOf(way: readonly Point[], at: Point, width: number): Point {
  const xs = way.map(({ x }) => x)
  const [left, right] = [Math.min(...xs), Math.max(...xs)]
  const half = width / 2 + GAP
  if (at.x + half <= left || at.x - half >= right) return at
  return { ...at, x: at.x < (left + right) / 2 ? left - half : right + half }
}

/** A box that grew has swallowed the ends of its edges: they are taken back to its border. */
function meet(points: readonly Point[], from: Box | undefined, to: Box | undefined): readonly Point[] {
  const begun = from ? toBorder(points, from) : points
  return to ? toBorder(begun.toReversed(), to).toReversed() : begun
}

function endInside(points: readonly Point[], boxes: readonly Box[]): readonly Point[] {
  const last = points.at(-1)
  const box = last && boxes.filter((each) => holds(each, last)).toSorted((a, b) => a.width - b.width)[0]
  return box ? toBorder(points.toReversed(), box).toReversed() : points
}

const holds = ({ x, y, width, height }: Box, point: Point): boolean =>
  point.x >= x - 1 && point.x <= x + width + 1 && point.y >= y - 1 && point.y <= y + height + 1

function toBorder(points: readonly Point[], box: Box): readonly Point[] {
  const [first, second, ...rest] = points
  if (!first || !second || !holds(box, first) || holds(box, second)) return points
  const { x, y, width, height } = box
  // The layout may be half a pixel off.
  const isUpright = Math.abs(first.x - second.x) <= Math.abs(first.y - second.y)
  if (isUpright) return [{ x: first.x, y: second.y < y ? y : y + height }, second, ...rest]
  return [{ x: second.x < x ? x : x + width, y: first.y }, second, ...rest]
}

function boundsOf(states: readonly DrawnState[], edges: readonly DrawnEdge[], starts: readonly Point[]): Box {
  const points = [
    ...states.flatMap(({ box: { x, y, width, height } }) => [
      { x, y },
      { x: x + width, y: y + height },
    ]),
    ...edges.flatMap((edge) => edge.points),
    ...edges.flatMap(({ label }) => (label ? corners(label.at, label.lines) : [])),
    ...starts,
  ]
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)]
  const [left, top] = [Math.min(...xs, 1e9) - MARGIN, Math.min(...ys, 1e9) - MARGIN]
  return { x: left, y: top, width: Math.max(...xs, 0) + MARGIN - left, height: Math.max(...ys, 0) + MARGIN - top }
}

/** About 6 px for each letter. */
function corners({ x, y }: Point, lines: readonly string[]): Point[] {
  const half = (Math.max(...lines.map((line) => line.length)) * 6) / 2
  return [
    { x: x - half, y },
    { x: x + half, y },
  ]
}
