import type { AnyStateMachine } from 'xstate'
import { readableDelays } from './chart/delay-text.ts'
import { toChart, type Chart, type ChartEdge, type ChartState } from './chart/chart.ts'

/**
 * A machine as a Mermaid state diagram, drawn from the machine itself: nested and parallel states, final states, and what leads
 * from one to the other (events, timers by the name of their delay, ends of invocations, guards). Mermaid has no place for what
 * leads out of every state at once, so the transitions of the machine itself are left out.
 */
export function toMermaid(machine: AnyStateMachine): string {
  const chart = toChart(machine)
  const { lines, crossing } = drawChildren(chart.root, namesIn(chart), chart.edges)
  return ['stateDiagram-v2', ...[...lines, ...crossing].map((line) => `  ${line}`)].join('\n')
}

/** Mermaid puts a state into the box in which an edge names it, so an edge that crosses a border is drawn outside of all boxes. */
interface Drawing {
  readonly lines: readonly string[]
  readonly crossing: readonly string[]
}

/** What a state is called in the picture, and in which box it stands, by its id. */
type Names = ReadonlyMap<string, { readonly name: string; readonly box: string }>

function drawChildren({ kind, states, initial }: ChartState, names: Names, edges: readonly ChartEdge[]): Drawing {
  const drawn = states.map((child) => drawState(child, names, edges))
  const crossing = drawn.flatMap((drawing) => drawing.crossing)
  if (kind === 'parallel')
    return { crossing, lines: drawn.flatMap(({ lines }, i) => [...(i > 0 ? ['--'] : []), ...lines]) }
  const beginnings = initial.map((id) => `[*] --> ${names.get(id)?.name}`)
  const lines = [...beginnings, ...drawn.flatMap((drawing) => drawing.lines)]
  const named = new Set(lines.flatMap((line) => line.match(/\w+/g) ?? []))
  const unnamed = states.map(({ path }) => nameOf(path)).filter((name) => !named.has(name))
  return { lines: [...lines, ...unnamed], crossing }
}

function drawState(state: ChartState, names: Names, edges: readonly ChartEdge[]): Drawing {
  const { id, kind, path } = state
  const name = nameOf(path)
  if (kind === 'history') return { lines: [`state "H" as ${name}`], crossing: [] }
  const inner = drawChildren(state, names, edges)
  const box = state.states.length > 0 ? [`state ${name} {`, ...inner.lines.map((line) => `  ${line}`), '}'] : []
  const end = kind === 'final' ? [`${name} --> [*]`] : []
  const own = edges.filter(({ from }) => from === id)
  const crosses = ({ to }: ChartEdge): boolean => names.get(to)?.box !== names.get(id)?.box
  const line = ({ to, label }: ChartEdge): string => `${name} --> ${names.get(to)?.name}: ${readableDelays(label)}`
  return {
    lines: [...box, ...own.filter((edge) => !crosses(edge)).map(line), ...end],
    crossing: [...inner.crossing, ...own.filter(crosses).map(line)],
  }
}

function namesIn({ root }: Chart): Names {
  const below = (state: ChartState): ChartState[] => [state, ...state.states.flatMap(below)]
  return new Map(below(root).map(({ id, path }) => [id, { name: nameOf(path), box: nameOf(path.slice(0, -1)) }]))
}

/** Mermaid's names are words; the path makes them unique, and reads like the name of the state's sorted set. */
const nameOf = (path: readonly string[]): string => path.map((key) => key.replace(/\W/g, '_')).join('__')
