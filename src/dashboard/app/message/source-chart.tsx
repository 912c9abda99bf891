import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { loadSourceChart, type SourceStep } from '../api/inspect.ts'
import { sentence } from '../api/request.ts'
import { ChartView } from '../chart/chart-view.tsx'
import { edgeFinder } from '../chart/edge-finder.ts'
import { toDrawing } from '../chart/geometry.ts'
import { statesWithin } from '../chart/population.ts'
import { useResource } from '../resource.ts'

interface SourceChartProps {
  readonly queue: string
  readonly id: string
  readonly definition: string
  readonly label: string
  readonly steps: readonly SourceStep[]
  /** Index of the step that is looked at. */
  readonly current: number
}

/** The machine of an actor that runs elsewhere, as it sent it, and where the actor is. */
export function SourceChart({ queue, id, definition, label, steps, current }: SourceChartProps): JSX.Element {
  const { data, error } = useResource(`source chart ${definition}`, (signal) =>
    loadSourceChart(queue, id, definition, signal),
  )
  const drawn = useMemo(() => {
    if (!data) return undefined
    const drawing = toDrawing(data.layout)
    return { drawing, find: edgeFinder(drawing) }
  }, [data])
  const [step, before] = [steps[current], steps[current - 1]]
  const here = step?.state
  const lit = useMemo(() => (here === undefined ? new Set<string>() : statesWithin(here)), [here])
  const way = steps.slice(0, current).flatMap(({ state }) => state ?? [])
  const visited = useMemo(() => new Set(way.flatMap((state) => [...statesWithin(state)])), [way.join('\n')])
  if (error !== undefined) return <p class="muted">There is no picture of it: {sentence(error)}</p>
  if (!drawn) return <p class="muted">Its machine is being drawn…</p>
  return (
    <ChartView
      drawing={drawn.drawing}
      label={here === undefined ? label : `${label} is in ${here}`}
      lit={lit}
      visited={visited}
      litEdge={here === undefined ? undefined : drawn.find(before?.state ?? null, here, step?.event ?? '')}
    />
  )
}
