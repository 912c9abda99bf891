import type { EdgeRate } from '../api/live.ts'
import type { Drawing, DrawnEdge } from './geometry.ts'
import { lineage, leavesOf } from './population.ts'

/** The edge that a message took: states as stored, the event as the feed names it. */
export type FindEdge = (from: string | null, to: string, event: string) => DrawnEdge | undefined

/**
 * A stored transition tells where a message was and is, a chart has edges between any two levels: from the innermost state outwards the
 * first edge with that event wins, as in the machine itself.
 */
export function edgeFinder({ edges }: Drawing): FindEdge {
  const known = new Map<string, DrawnEdge | undefined>()
  return (from, to, event) => {
    const key = `${from}\n${to}\n${event}`
    if (!known.has(key)) known.set(key, find(edges, from, to, event))
    return known.get(key)
  }
}

function find(edges: readonly DrawnEdge[], from: string | null, to: string, event: string): DrawnEdge | undefined {
  if (from === null) return edges.find(({ edge }) => edge === undefined)
  const goals = new Set(
    leavesOf(to)
      .flatMap(lineage)
      .filter((id) => id !== ''),
  )
  const rank = new Map(
    leavesOf(from)
      .flatMap(lineage)
      .map((id, depth) => [id, depth]),
  )
  const taken = edges
    .flatMap((drawn) =>
      drawn.edge && rank.has(drawn.edge.from) && hears(drawn.edge, event) ? [{ drawn, edge: drawn.edge }] : [],
    )
    .toSorted((a, b) => (rank.get(a.edge.from) ?? 0) - (rank.get(b.edge.from) ?? 0))
  return (taken.find(({ edge }) => goals.has(edge.to)) ?? taken[0])?.drawn
}

const hears = ({ triggers }: NonNullable<DrawnEdge['edge']>, event: string): boolean =>
  triggers.some(({ events }) => events.some((each) => each === event || each === '*' || isPattern(each, event)))

const isPattern = (pattern: string, event: string): boolean =>
  pattern.endsWith('.*') && `${event}.`.startsWith(pattern.slice(0, -1))

/** What passes each edge, per second. The server names edges of the chart; what it could not place is looked for here. */
export function ratesOf(
  rates: readonly EdgeRate[],
  { edges }: Drawing,
  find: FindEdge,
): ReadonlyMap<DrawnEdge, number> {
  const sums = new Map<DrawnEdge, number>()
  for (const { from, to, event, perSecond } of rates) {
    const exact = edges.find(({ edge }) => edge?.from === from && edge.to === to)
    const edge = exact ?? find(from, to, event)
    if (edge) sums.set(edge, (sums.get(edge) ?? 0) + perSecond)
  }
  return sums
}
