import type { JSX } from 'preact'
import { roundedPath } from './edge-route.ts'
import type { DrawnEdge } from './geometry.ts'
import { thicknessOf } from './heat.ts'

export interface EdgeLineProps {
  readonly drawn: DrawnEdge
  readonly perSecond: number
  readonly lit: boolean
}

export function EdgeLine({ drawn: { edge, points }, perSecond, lit }: EdgeLineProps): JSX.Element {
  const classes = ['edge']
  if (perSecond > 0) classes.push('is-busy')
  if (lit) classes.push('is-lit')
  return (
    <path
      class={classes.join(' ')}
      d={roundedPath(points)}
      style={{ '--thickness': `${thicknessOf(perSecond)}px` }}
      data-from={edge?.from}
      data-to={edge?.to}
      marker-end={`url(#arrow${lit ? '-lit' : perSecond > 0 ? '-busy' : ''})`}
    />
  )
}

const LINE = 14

/** Drawn after all edges: a line that crosses a label must not strike it through. */
export function EdgeLabel({ drawn: { label } }: { drawn: DrawnEdge }): JSX.Element | null {
  if (!label) return null
  const top = label.at.y - ((label.lines.length - 1) * LINE) / 2 + 4
  return (
    <text class="edge-label" text-anchor="middle">
      {label.lines.map((line, index) => (
        <tspan key={line} x={label.at.x} y={top + index * LINE}>
          {line}
        </tspan>
      ))}
    </text>
  )
}

/** Heads of a fixed size, whatever the thickness of their line. */
export const Arrows = (): JSX.Element => (
  <defs>
    {['', '-busy', '-lit'].map((kind) => (
      <marker
        key={kind}
        id={`arrow${kind}`}
        class={`arrow${kind}`}
        viewBox="0 0 10 10"
        refX="9"
        refY="5"
        markerWidth="11"
        markerHeight="11"
        markerUnits="userSpaceOnUse"
        orient="auto"
      >
        <path d="M0 0.500 10 5 0 9.500z" />
      </marker>
    ))}
  </defs>
)
