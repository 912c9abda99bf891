import type { Chart, ChartEdge } from '../../../inspect/chart/chart.ts'
import { leavesOf } from './state-parts.ts'

/** An edge of the chart, or two states as they are stored where the chart has no edge for them. */
export interface EdgeKey {
  readonly from: string
  readonly to: string
  readonly event: string
}

/** Finds the edges of a chart that a transition went along; each is the JSON of an `EdgeKey`, by which it is counted. */
export type FindEdges = (from: string, to: string, event: string) => readonly string[]

/** Transitions of which the way is remembered. */
const REMEMBERED = 5000
/** Transitions without an event that one step may take; a chart that has more of them in a row is drawn without. */
const LONGEST = 6

/** Without a chart every transition is an edge of its own. */
export function createFindEdges(chart: Chart | undefined): FindEdges {
  const known = new Map<string, readonly string[]>()
  return (from, to, event) => {
    const key = `${from}\n${to}\n${event}`
    let edges = known.get(key)
    if (!edges) {
      edges = (chart ? edgesBetween(chart, from, to, event) : [{ from, to, event }]).map((edge) => JSON.stringify(edge))
      if (known.size < REMEMBERED) known.set(key, edges)
    }
    return edges
  }
}

function edgesBetween(chart: Chart, from: string, to: string, event: string): readonly EdgeKey[] {
  const [before, after] = [leavesOf(from), leavesOf(to)]
  const left = before.filter((leaf) => !after.includes(leaf))
  const entered = after.filter((leaf) => !before.includes(leaf))
  // One that leaves nothing went back to where it was.
  const starts = left.length > 0 ? left : before
  const goals = entered.length > 0 ? entered : after
  for (const start of starts) {
    const way = wayTo(chart, start, goals, event)
    if (way) return way.map((edge, i) => ({ from: edge.from, to: edge.to, event: i === 0 ? event : 'always' }))
  }
  return [{ from: starts.join('+'), to: goals.join('+'), event }]
}

/** The event first, then whatever goes on without one, until it is where the message is. */
function wayTo(chart: Chart, start: string, goals: readonly string[], event: string): readonly ChartEdge[] | undefined {
  const reaches = ({ to }: ChartEdge): boolean => goals.some((goal) => isAbove(to, goal))
  let ways = chart.edges.filter((edge) => isAbove(edge.from, start) && hears(edge, event)).map((edge) => [edge])
  // What begins nearest to the leaf is what the machine takes.
  ways.sort((a, b) => b[0]!.from.length - a[0]!.from.length)
  for (let length = 1; length <= LONGEST && ways.length > 0; length++) {
    const found = ways.find((way) => reaches(way.at(-1)!))
    if (found) return found
    ways = ways.flatMap((way) =>
      chart.edges
        .filter((edge) => hears(edge, 'always') && isAbove(way.at(-1)!.to, edge.from) && !way.includes(edge))
        .map((edge) => [...way, edge]),
    )
  }
  return undefined
}

const isAbove = (outer: string, inner: string): boolean =>
  outer === '' || inner === outer || inner.startsWith(`${outer}.`)

const hears = ({ triggers }: ChartEdge, event: string): boolean =>
  triggers.some(({ events }) => events.some((each) => each === event || each === '*' || isPattern(each, event)))

const isPattern = (pattern: string, event: string): boolean =>
  pattern.endsWith('.*') && `${event}.`.startsWith(pattern.slice(0, -1))
