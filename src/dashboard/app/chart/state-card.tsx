import type { JSX } from 'preact'
import type { StateFigures } from '../api/live.ts'
import { countText, durationText, rateText } from '../time/duration-text.ts'
import type { DrawnState } from './geometry.ts'
import { heatOf } from './heat.ts'
import { toneOf } from './tone.ts'

export interface StateCardProps {
  readonly drawn: DrawnState
  readonly figures: StateFigures | undefined
  readonly href: string | undefined
  readonly focusable: boolean
  readonly lit: boolean
  readonly visited: boolean
  readonly onFocus: () => void
}

/** One state on the chart: a link to its messages, with how many there are. */
export function StateCard({ drawn, figures, href, focusable, lit, visited, onFocus }: StateCardProps): JSX.Element {
  const { state, box, outer } = drawn
  const heat = outer ? 0 : heatOf(figures?.p50Ms ?? null)
  const classes = ['state', `state-${state.kind}`, `tone-${toneOf(state)}`]
  if (outer) classes.push('state-outer')
  if (lit) classes.push('is-lit')
  if (visited) classes.push('is-visited')
  const inside = (
    <g
      class={classes.join(' ')}
      style={{ '--heat': `${Math.round(heat * 100)}%` }}
      transform={`translate(${box.x} ${box.y})`}
      data-state={state.id}
    >
      <rect class="box" width={box.width} height={box.height} rx={outer ? 14 : 9} />
      {state.kind === 'final' && <rect class="ring" x={3} y={3} width={box.width - 6} height={box.height - 6} rx={6} />}
      {state.kind === 'history' ? <HistoryMark drawn={drawn} /> : <CardText drawn={drawn} figures={figures} />}
    </g>
  )
  const label = spoken(drawn, figures)
  if (href === undefined) return inside
  return (
    <a
      href={href}
      aria-label={label}
      tabIndex={focusable ? 0 : -1}
      onFocus={onFocus}
      data-card={state.id}
      draggable={false}
    >
      <title>{label}</title>
      {inside}
    </a>
  )
}

function CardText({ drawn: { state, box, outer }, figures }: Pick<StateCardProps, 'drawn' | 'figures'>): JSX.Element {
  // Without figures the name has the card to itself.
  const middle = figures || outer ? 22 : box.height / 2 + 5
  const name = shortened(state.name, box.width - 30 - (figures ? countText(figures.count).length * 11 : 0))
  return (
    <>
      <circle class="mark" cx={13} cy={middle - 4} r={4} />
      <text class="name" x={23} y={middle}>
        {name}
      </text>
      {figures && (
        <text class={figures.count === 0 ? 'count is-zero' : 'count'} x={box.width - 11} y={23} text-anchor="end">
          {countText(figures.count)}
        </text>
      )}
      {figures && !outer && (
        <>
          <text class="detail" x={12} y={box.height - 11}>
            {figures.p50Ms === null ? '' : durationText(figures.p50Ms)}
          </text>
          <text class="detail" x={box.width - 11} y={box.height - 11} text-anchor="end">
            {figures.inPerSecond + figures.outPerSecond === 0 ? '' : `${rateText(figures.inPerSecond)}/s`}
          </text>
        </>
      )}
    </>
  )
}

const HistoryMark = ({ drawn: { box } }: Pick<StateCardProps, 'drawn'>): JSX.Element => (
  <text class="name" x={box.width / 2} y={box.height / 2 + 5} text-anchor="middle">
    H
  </text>
)

/** About 8.4 px for each letter of a name; the whole is in the tooltip. */
function shortened(name: string, width: number): string {
  const most = Math.max(Math.floor(width / 8.4), 3)
  return name.length <= most ? name || '""' : `${name.slice(0, most - 1)}…`
}

/** All that the card shows, as a sentence. */
function spoken({ state }: DrawnState, figures: StateFigures | undefined): string {
  const name = state.id === '' ? state.name : state.path.join(', ')
  if (!figures) return `${name}: no messages`
  const { count, inPerSecond, outPerSecond, p50Ms, p99Ms } = figures
  const rates = `${rateText(inPerSecond)} in and ${rateText(outPerSecond)} out per second`
  const spent =
    p50Ms === null ? '' : `, typically ${durationText(p50Ms)} spent, 99 % below ${durationText(p99Ms ?? p50Ms)}`
  return `${name}: ${count} ${count === 1 ? 'message' : 'messages'}, ${rates}${spent}`
}
