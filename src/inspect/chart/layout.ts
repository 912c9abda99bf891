import type { Chart, ChartEdge, ChartState } from './chart.ts'
import { readableDelays } from './delay-text.ts'
import type { Graph, GraphEdge, Place, Point } from './graph.ts'
import { createPlaceAside } from './place-aside.ts'
import { widthOf, wrap } from './text.ts'

/** A chart with coordinates: pixels from the upper left corner of the picture. */
export interface ChartLayout {
  readonly width: number
  readonly height: number
  /** Outer states before the inner ones. */
  readonly states: readonly PlacedState[]
  readonly edges: readonly PlacedEdge[]
  /** The dots where compound states begin. */
  readonly starts: readonly Box[]
}

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface PlacedState extends Box {
  readonly state: ChartState
  /** Its name first, then what it says beside it. */
  readonly lines: readonly string[]
}

export interface PlacedEdge {
  /** `undefined` for the one from the dot to the initial state. */
  readonly edge: ChartEdge | undefined
  readonly points: readonly Point[]
  readonly label: (Box & { readonly lines: readonly string[] }) | undefined
}

export type { Point } from './graph.ts'

/** Sizes of what is drawn, in pixels. */
export const SIZE = Object.freeze({
  name: 13,
  small: 11,
  line: 15,
  padding: 10,
  dot: 10,
  labelWidth: 30,
  nameWidth: 40,
})

const DOT = 'start:'
const STATE = 'state:'

/**
 * Places states, edges and labels by ELK's layered algorithm. It takes half a second, most of it for loading, so callers keep what they
 * got as long as the fingerprint of the machine is the same.
 */
export async function layOut(chart: Chart, place: Place = placePatiently): Promise<ChartLayout> {
  const nodes = new Map<string, ChartState>()
  const root = { id: 'picture', layoutOptions: OPTIONS, children: [nodeOf(chart.root, nodes)] }
  const known = new Map(chart.edges.map((edge, i) => [`edge:${i}`, edge]))
  const edges = [...initialEdges([...nodes.values()]), ...[...known].map(([id, edge]) => edgeOf(id, edge))]
  const placed = await place({ ...root, edges })
  return collect(placed, nodes, known)
}

/** For pictures of one's own machines, which may take as long and as much as they need. */
const placePatiently = createPlaceAside(10 * 60_000, 2048)

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.padding': '[top=8,left=8,bottom=8,right=8]',
}

/**
 * For each state with states in it: ELK does not pass these on from the picture. `DEPTH_FIRST` keeps the first way from the initial
 * state pointing down, where the default turned it round at a retry; `MODEL_ORDER` fails on nested states.
 */
const WITHIN = {
  'elk.layered.cycleBreaking.strategy': 'DEPTH_FIRST',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeLabel': '4',
  'elk.layered.spacing.nodeNodeBetweenLayers': '32',
  'elk.layered.spacing.edgeNodeBetweenLayers': '16',
}

function nodeOf(state: ChartState, nodes: Map<string, ChartState>): Graph {
  nodes.set(STATE + state.id, state)
  const lines = linesOf(state)
  const { padding, line } = SIZE
  const width = Math.max(...lines.map((text, i) => widthOf(text, i === 0 ? SIZE.name : SIZE.small))) + 2 * padding
  const height = lines.length * line + padding
  if (state.states.length === 0) return { id: STATE + state.id, width: Math.max(width, 60), height }
  const dots = state.initial.length === 0 ? [] : [{ id: DOT + state.id, width: SIZE.dot, height: SIZE.dot }]
  return {
    id: STATE + state.id,
    layoutOptions: {
      ...WITHIN,
      'elk.padding': `[top=${height + padding},left=14,bottom=14,right=14]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${width}, ${height})`,
    },
    children: [...dots, ...state.states.map((child) => nodeOf(child, nodes))],
  }
}

/** The name of a state, its tags, and what it runs. */
function linesOf({ name, kind, tags, invokes }: ChartState): string[] {
  const [first = '', ...more] = wrap(name === '' ? '""' : name, SIZE.nameWidth)
  return [
    kind === 'history' ? `H ${first}` : first,
    ...more,
    ...(tags.length > 0 ? wrap(`#${tags.join(' #')}`, SIZE.nameWidth) : []),
    ...invokes.flatMap(({ id, src }) => wrap(id === src ? `runs ${src}` : `runs ${src} as ${id}`, SIZE.nameWidth)),
  ]
}

const initialEdges = (states: readonly ChartState[]): GraphEdge[] =>
  states.flatMap(({ id, initial }) =>
    initial.map((target, i) => ({ id: `initial:${id}:${i}`, sources: [DOT + id], targets: [STATE + target] })),
  )

function edgeOf(id: string, { from, to, label }: ChartEdge): GraphEdge {
  const lines = wrap(readableDelays(label), SIZE.labelWidth)
  const width = Math.max(...lines.map((text) => widthOf(text, SIZE.small))) + 4
  const labels = [{ text: lines.join('\n'), width, height: lines.length * SIZE.line }]
  return { id, sources: [STATE + from], targets: [STATE + to], labels }
}

/** ELK places children within their parent, and edges within the innermost node that holds both ends. */
function collect(
  picture: Graph,
  states: ReadonlyMap<string, ChartState>,
  known: ReadonlyMap<string, ChartEdge>,
): ChartLayout {
  const boxes = new Map<string, Box>()
  const place = ({ id, children = [], x = 0, y = 0, width = 0, height = 0 }: Graph, at: Point): void => {
    const box = { x: tenths(at.x + x), y: tenths(at.y + y), width: tenths(width), height: tenths(height) }
    boxes.set(id, box)
    for (const child of children) place(child, box)
  }
  place(picture, { x: 0, y: 0 })
  const all = [...boxes]
  return {
    width: picture.width ?? 0,
    height: picture.height ?? 0,
    states: all.flatMap(([id, box]) => {
      const state = states.get(id)
      return state ? [{ ...box, state, lines: linesOf(state) }] : []
    }),
    starts: all.flatMap(([id, box]) => (id.startsWith(DOT) ? [box] : [])),
    edges: (picture.edges ?? []).map((edge) =>
      placedEdge(edge, known.get(edge.id), boxes.get(edge.container ?? picture.id) ?? { x: 0, y: 0 }),
    ),
  }
}

/** Finer than anybody sees, and short to write. */
const tenths = (length: number): number => Math.round(length * 10) / 10

function placedEdge(placed: GraphEdge, edge: ChartEdge | undefined, at: Point): PlacedEdge {
  const move = ({ x, y }: Point): Point => ({ x: tenths(at.x + x), y: tenths(at.y + y) })
  const points = (placed.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) =>
    [startPoint, ...bendPoints, endPoint].map(move),
  )
  const [label] = placed.labels ?? []
  if (!label) return { edge, points, label: undefined }
  const { x = 0, y = 0, width = 0, height = 0, text = '' } = label
  return { edge, points, label: { ...move({ x, y }), width, height, lines: text.split('\n') } }
}
