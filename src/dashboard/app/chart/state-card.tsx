import type { JSX } from 'preact'
import type { StateFigures } from '../api/live.ts'
import { spoken, wordsOf, type CardWords } from './card-words.ts'
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
  const words = wordsOf(drawn, figures)
  const heat = outer ? 0 : heatOf(figures?.p50Ms ?? null)
  const classes = ['state', `state-${state.kind}`, `tone-${toneOf(state)}`]
  if (outer) classes.push('state-outer')
  if (state.path.length !== 1) classes.push('state-nested')
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
      {state.kind === 'history' ? <HistoryMark drawn={drawn} /> : <CardText drawn={drawn} words={words} />}
    </g>
  )
  if (href === undefined) return inside
  const label = spoken(drawn, figures, words)
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

function CardText({ drawn: { box, outer }, words }: { drawn: DrawnState; words: CardWords }): JSX.Element {
  // Without figures the name has the card to itself.
  const middle = words.count !== '' || outer ? 22 : box.height / 2 + 5
  const right = box.width - 11
  const low = box.height - 11
  return (
    <>
      <circle class="mark" cx={13} cy={middle - 4} r={4} />
      <text class="name" x={23} y={middle}>
        {words.name}
      </text>{' '}
      <text class={words.count === '0' ? 'count is-zero' : 'count'} x={right} y={23} text-anchor="end">
        {words.count}
      </text>{' '}
      <text class="detail" x={12} y={low}>
        {words.spent}
      </text>{' '}
      <text class="detail" x={right} y={low} text-anchor="end">
        {words.rate}
      </text>
    </>
  )
}

const HistoryMark = ({ drawn: { box } }: { drawn: DrawnState }): JSX.Element => (
  <text class="name" x={box.width / 2} y={box.height / 2 + 5} text-anchor="middle">
    H
  </text>
)
