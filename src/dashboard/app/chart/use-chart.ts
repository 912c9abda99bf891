import { useEffect, useState } from 'preact/hooks'
import { loadChart, type QueueChart } from '../api/chart.ts'
import { edgeFinder, type FindEdge } from './edge-finder.ts'
import { toDrawing, type Drawing } from './geometry.ts'

export interface DrawnChart {
  readonly chart: QueueChart
  readonly drawing: Drawing
  readonly find: FindEdge
}

interface State {
  readonly queue: string
  readonly drawn?: DrawnChart
  readonly error?: unknown
}

const known = new Map<string, DrawnChart>()

/** The chart of a queue. The one seen last is shown at once; whether the machine is another by now is asked meanwhile. */
export function useChart(queue: string): Pick<State, 'drawn' | 'error'> {
  const [state, setState] = useState<State>({ queue })
  useEffect(() => {
    const aborted = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const load = (): void => {
      loadChart(queue, aborted.signal).then(
        (chart) => setState({ queue, drawn: keep(queue, chart) }),
        (error: unknown) => {
          if (aborted.signal.aborted) return
          setState((before) => (before.queue === queue && before.drawn ? before : { queue, error }))
          timer = setTimeout(load, 3000)
        },
      )
    }
    load()
    return () => {
      aborted.abort()
      clearTimeout(timer)
    }
  }, [queue])
  if (state.queue === queue && (state.drawn || state.error !== undefined)) return state
  const before = known.get(queue)
  return before ? { drawn: before } : {}
}

function keep(queue: string, chart: QueueChart): DrawnChart {
  const before = known.get(queue)
  if (before?.chart.fingerprint === chart.fingerprint) return before
  const drawing = toDrawing(chart.layout)
  const drawn = { chart, drawing, find: edgeFinder(drawing) }
  known.set(queue, drawn)
  return drawn
}
