import { useSignal } from '@preact/signals'
import type { ComponentChildren, JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { NOBODY, type Population } from './population.ts'
import { Arrows, EdgeLabel, EdgeLine } from './edge-line.tsx'
import type { Drawing, DrawnEdge, DrawnState } from './geometry.ts'
import { useGestures } from './gestures.ts'
import { isArrow, neighbour } from './neighbour.ts'
import { StateCard } from './state-card.tsx'
import { OUTLINE, READABLE, useViewport, type Viewport } from './viewport.ts'

export interface ChartViewProps {
  readonly drawing: Drawing
  readonly label: string
  readonly figures?: Population | undefined
  readonly rates?: ReadonlyMap<DrawnEdge, number>
  /** States to light up. */
  readonly lit?: ReadonlySet<string>
  readonly visited?: ReadonlySet<string>
  readonly litEdge?: DrawnEdge | undefined
  /** Where a click on a state leads. */
  readonly hrefOf?: (state: string) => string
  /** Further layers, in the coordinates of the chart. */
  readonly children?: ComponentChildren
}

const NONE: ReadonlySet<string> = new Set()
/** From the beginning most lies below; around a place that is told of lies something on each side. */
const NEAR_TOP = 0.22
const MIDDLE = 0.5

/** The machine, drawn. It can be moved, zoomed and walked through by the arrow keys. */
export function ChartView({
  drawing,
  label,
  figures,
  rates,
  lit = NONE,
  visited = NONE,
  litEdge,
  hrefOf,
  children,
}: ChartViewProps): JSX.Element {
  const first = useMemo(() => firstOf(drawing, lit), [drawing, lit])
  const viewport = useViewport(drawing, first?.box, lit.size > 0 ? MIDDLE : NEAR_TOP)
  useGestures(viewport)
  const focused = useSignal<string | undefined>(undefined)
  const { x, y, scale } = viewport.view.value
  const entry = focused.value ?? first?.state.id
  const isLit = (id: string): boolean => lit.has(id)
  const classes = [
    'chart',
    ...(scale < READABLE - 0.06 ? ['is-far'] : []),
    ...(scale < OUTLINE ? ['is-very-far'] : []),
    ...(lit.size > 0 ? ['is-telling'] : []),
  ]
  return (
    <div class={classes.join(' ')} ref={viewport.frame}>
      <svg role="group" aria-label={label} onKeyDown={(event) => onKey(event, drawing, entry, viewport)}>
        <Arrows />
        <g transform={`translate(${x} ${y}) scale(${scale})`} style={{ '--inverse': 1 / scale }}>
          {outerFirst(drawing.states, true).map(card)}
          {drawing.edges.map((edge, index) => (
            <EdgeLine key={index} drawn={edge} perSecond={rates?.get(edge) ?? 0} lit={edge === litEdge} />
          ))}
          {drawing.starts.map((start, index) => (
            <circle key={index} class="start" cx={start.x} cy={start.y} r={5.5} />
          ))}
          {drawing.edges.map((edge, index) => (
            <EdgeLabel key={index} drawn={edge} />
          ))}
          {children}
          {outerFirst(drawing.states, false).map(card)}
        </g>
      </svg>
      <ZoomButtons {...viewport} />
    </div>
  )

  function card(drawn: DrawnState): JSX.Element {
    const { id } = drawn.state
    return (
      <StateCard
        key={id}
        drawn={drawn}
        figures={figures ? (figures.get(id) ?? NOBODY) : undefined}
        href={drawn.state.kind === 'history' || id === '' ? undefined : hrefOf?.(id)}
        focusable={id === entry}
        lit={isLit(id)}
        visited={visited.has(id)}
        onFocus={() => {
          focused.value = id
        }}
      />
    )
  }
}

const outerFirst = (states: readonly DrawnState[], outer: boolean): readonly DrawnState[] =>
  states.filter((state) => state.outer === outer)

/** What a small screen begins with: the state that is told of, else the one where messages begin. */
function firstOf({ states, starts }: Drawing, lit: ReadonlySet<string>): DrawnState | undefined {
  const inner = states.filter(({ outer, state }) => !outer && state.kind !== 'history')
  const [start] = starts
  const told = inner.find(({ state }) => lit.has(state.id))
  if (told || !start) return told ?? inner[0]
  const far = ({ box }: DrawnState): number => Math.hypot(box.x + box.width / 2 - start.x, box.y - start.y)
  return inner.toSorted((a, b) => far(a) - far(b))[0]
}

function onKey(event: KeyboardEvent, { states }: Drawing, entry: string | undefined, viewport: Viewport): void {
  if (event.key === '+' || event.key === '=') return viewport.zoom(1.25)
  if (event.key === '-') return viewport.zoom(0.8)
  if (event.key === '0') return viewport.fit()
  const from = states.find(({ state }) => state.id === entry)
  if (!isArrow(event.key) || !from || event.ctrlKey || event.altKey || event.metaKey) return
  event.preventDefault()
  const next = neighbour(
    states.filter(({ state }) => state.kind !== 'history'),
    from,
    event.key,
  )
  if (!next) return
  viewport.reveal(next.box)
  const cards = viewport.frame.current?.querySelectorAll<SVGAElement>('[data-card]') ?? []
  for (const card of cards) if (card.dataset['card'] === next.state.id) card.focus({ preventScroll: true })
}

const ZoomButtons = ({ zoom, fit }: Viewport): JSX.Element => (
  <div class="zoom" role="group" aria-label="Zoom">
    <button type="button" class="icon" aria-label="Zoom in" onClick={() => zoom(1.25)}>
      +
    </button>
    <button type="button" class="icon" aria-label="Zoom out" onClick={() => zoom(0.8)}>
      −
    </button>
    <button type="button" class="icon" aria-label="Fit the whole chart" onClick={() => fit()}>
      ⤢
    </button>
  </div>
)
