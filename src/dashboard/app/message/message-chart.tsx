import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { HistoryStep } from '../api/message.ts'
import { ChartView } from '../chart/chart-view.tsx'
import { FlowLayer } from '../chart/flow-layer.tsx'
import { statesWithin } from '../chart/population.ts'
import { useChart } from '../chart/use-chart.ts'
import type { LiveQueue } from '../live/live-queue.ts'
import { messagesLink } from '../route.ts'

interface MessageChartProps {
  readonly queue: string
  readonly id: string
  readonly live: LiveQueue
  readonly steps: readonly HistoryStep[]
  readonly current: number
  /** Where it is now; for a message whose journal was cut. */
  readonly state: string
}

/** The place of a message on the chart, at the moment that is looked at, and the way that it came. */
export function MessageChart({ queue, id, live, steps, current, state }: MessageChartProps): JSX.Element | null {
  const { drawn } = useChart(queue)
  const step = steps[current]
  const from = steps[current - 1]?.state ?? null
  const here = step?.state ?? state
  const lit = useMemo(() => statesWithin(here), [here])
  const visited = useMemo(
    () => new Set(steps.slice(0, current).flatMap((each) => [...statesWithin(each.state)])),
    [steps, current],
  )
  if (!drawn) return null
  const { drawing, find } = drawn
  return (
    <div class="message-chart panel">
      <ChartView
        drawing={drawing}
        label={`${id} is in ${here}`}
        lit={lit}
        visited={visited}
        litEdge={step && find(from, step.state, step.event)}
        hrefOf={(to) => messagesLink(queue, { state: to })}
      >
        <FlowLayer drawing={drawing} find={find} live={live} only={id} />
      </ChartView>
    </div>
  )
}
