import type { Chart } from './chart.ts'
import { layOut, SIZE, type ChartLayout, type PlacedEdge, type PlacedState, type Point } from './layout.ts'

/** Colours of a picture, as CSS writes them. */
export interface ChartTheme {
  readonly background: string
  readonly box: string
  readonly outline: string
  readonly text: string
  readonly muted: string
  readonly edge: string
}

export const LIGHT: ChartTheme = Object.freeze({
  background: '#ffffff',
  box: '#f6f8fa',
  outline: '#57606a',
  text: '#1f2328',
  muted: '#57606a',
  edge: '#57606a',
})

export const DARK: ChartTheme = Object.freeze({
  background: '#0d1117',
  box: '#161b22',
  outline: '#8b949e',
  text: '#e6edf3',
  muted: '#8b949e',
  edge: '#8b949e',
})

/** A chart as an SVG file that needs nothing else: no font, no script, no style sheet. */
export async function toSvg(chart: Chart, theme: ChartTheme = LIGHT): Promise<string> {
  return drawSvg(await layOut(chart), theme)
}

/**
 * Colours are presentation attributes, over which any style sheet wins, and every part has a class and its state: a page that
 * takes the picture in can restyle it (`.redrive-state[data-state="dead"] rect { … }`).
 */
function drawSvg(layout: ChartLayout, theme: ChartTheme = LIGHT): string {
  const { width, height, states, edges, starts } = layout
  const [w, h] = [Math.ceil(width), Math.ceil(height)]
  const dots = starts.map(
    ({ x, y, width: d }) => `<circle cx="${x + d / 2}" cy="${y + d / 2}" r="${d / 2}" fill="${theme.edge}"/>`,
  )
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" class="redrive-chart" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" font-family="ui-sans-serif, system-ui, sans-serif">`,
    `<defs><marker id="redrive-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="${theme.edge}"/></marker></defs>`,
    `<rect width="${w}" height="${h}" fill="${theme.background}"/>`,
    ...states.map((state) => drawState(state, theme)),
    ...dots,
    ...edges.map((edge) => drawEdge(edge, theme)),
    // Labels last: an edge that crosses one must not strike it through.
    ...edges.map((edge) => drawLabel(edge, theme)),
    '</svg>',
  ].join('\n')}\n`
}

function drawState({ state, lines, x, y, width, height }: PlacedState, theme: ChartTheme): string {
  const fill = state.states.length > 0 ? theme.background : theme.box
  const dash = state.kind === 'parallel' ? ' stroke-dasharray="6 3"' : ''
  const box = (inset: number): string =>
    `<rect x="${x + inset}" y="${y + inset}" width="${width - 2 * inset}" height="${height - 2 * inset}" rx="${8 - inset}" fill="${fill}" stroke="${theme.outline}"${dash}/>`
  const text = lines.map((line, i) => {
    const [size, fill, weight] = i === 0 ? [SIZE.name, theme.text, ' font-weight="600"'] : [SIZE.small, theme.muted, '']
    return `<text x="${x + SIZE.padding}" y="${y + SIZE.padding / 2 + (i + 0.75) * SIZE.line}" font-size="${size}" fill="${fill}"${weight}>${escape(line)}</text>`
  })
  const rings = state.kind === 'final' ? box(0) + box(3) : box(0)
  return `<g class="redrive-state redrive-${state.kind}" data-state="${escape(state.id)}">${rings}${text.join('')}</g>`
}

function drawEdge({ edge, points }: PlacedEdge, { edge: stroke }: ChartTheme): string {
  const ends = edge ? ` data-from="${escape(edge.from)}" data-to="${escape(edge.to)}"` : ''
  return `<path class="redrive-edge"${ends} d="${rounded(points)}" fill="none" stroke="${stroke}" marker-end="url(#redrive-arrow)"/>`
}

function drawLabel({ label }: PlacedEdge, { muted, background }: ChartTheme): string {
  if (!label) return ''
  const { x, y, width, height, lines } = label
  const text = lines.map(
    (line, i) =>
      `<text x="${x + 2}" y="${y + (i + 0.75) * SIZE.line}" font-size="${SIZE.small}" fill="${muted}">${escape(line)}</text>`,
  )
  const back = `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${background}" fill-opacity="0.8"/>`
  return `<g class="redrive-label">${back}${text.join('')}</g>`
}

const RADIUS = 6

/** A path through points, its corners rounded. */
function rounded([first, ...rest]: readonly Point[]): string {
  if (!first) return ''
  const parts = [`M${first.x} ${first.y}`]
  rest.forEach((corner, i) => {
    const next = rest[i + 1]
    if (!next) return parts.push(`L${corner.x} ${corner.y}`)
    const [a, b] = [towards(corner, rest[i - 1] ?? first), towards(corner, next)]
    return parts.push(`L${a.x} ${a.y}Q${corner.x} ${corner.y} ${b.x} ${b.y}`)
  })
  return parts.join('')
}

/** The point at which a corner begins to be rounded, on the way to its neighbour. */
function towards(corner: Point, neighbour: Point): Point {
  const [dx, dy] = [neighbour.x - corner.x, neighbour.y - corner.y]
  const length = Math.hypot(dx, dy)
  const part = length === 0 ? 0 : Math.min(RADIUS, length / 2) / length
  return { x: corner.x + dx * part, y: corner.y + dy * part }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** XML has no place for most control characters, not even escaped. */
// oxlint-disable-next-line no-control-regex
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

const escape = (text: string): string =>
  text.replace(NOT_IN_XML, '\ufffd').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
