import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { loadHistory, type HistoryPoint } from '../api/live.ts'
import type { LiveQueue } from '../live/live-queue.ts'
import { useResource } from '../resource.ts'
import { theme } from '../shell/theme.ts'
import { durationText, rateText } from '../time/duration-text.ts'
import type { Plot } from './plot.ts'

const MINUTES = 15
/** Milliseconds between two points that belong together. */
const GAP = 5000

/** Throughput and lag over the last minutes: what was kept by the server, and each second since. */
export function History({ queue, live }: { queue: string; live: LiveQueue }): JSX.Element {
  const { data } = useResource(`history ${queue}`, (signal) => loadHistory(queue, MINUTES, signal))
  const since = useRef<HistoryPoint[]>([])
  const tick = live.tick.value
  const last = since.current.at(-1) ?? data?.points.at(-1)
  if (tick && tick.redis === 'up' && tick.at > (last?.at ?? 0)) {
    since.current.push({ at: tick.at, ...tick.perSecond, lagMs: tick.lagMs, live: 0 })
    if (since.current.length > MINUTES * 60) since.current.shift()
  }
  const all = together(data?.points ?? [], since.current)
  return (
    <section class="panel" aria-labelledby="history-heading">
      <h2 id="history-heading">The last {MINUTES} minutes</h2>
      <PlotOf
        title="Transitions a second"
        points={all}
        read={(point) => point.transitions}
        text={rateText}
        color="--tone-working"
      />
      <PlotOf
        title="Longest overdue"
        points={all}
        read={(point) => point.lagMs ?? 0}
        text={durationText}
        color="--tone-retrying"
      />
    </section>
  )
}

/** What was seen here may be older than the answer of the server, which came a moment later. */
function together(kept: readonly HistoryPoint[], seen: readonly HistoryPoint[]): readonly HistoryPoint[] {
  const end = kept.at(-1)?.at ?? 0
  const fresh = seen.filter(({ at }) => at > end)
  const begin = (fresh.at(-1)?.at ?? end) - MINUTES * 60_000
  return [...kept, ...fresh].filter(({ at }) => at >= begin)
}

interface PlotProps {
  readonly title: string
  readonly points: readonly HistoryPoint[]
  readonly read: (point: HistoryPoint) => number
  readonly text: (value: number) => string
  /** The custom property that holds it. */
  readonly color: string
}

function PlotOf({ title, points, read, text, color }: PlotProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null)
  const [plot, setPlot] = useState<Plot>()
  const scheme = theme.value
  useEffect(() => {
    let gone = false
    let made: Plot | undefined
    // A third of all script, for two pictures below the chart: it comes after the rest.
    void import('./plot.ts').then(({ drawPlot }) => {
      if (gone || !place.current) return
      made = drawPlot(place.current, text, color)
      setPlot(made)
    })
    return () => {
      gone = true
      made?.remove()
    }
  }, [scheme])
  useEffect(() => {
    const shown = withGaps(points)
    plot?.show(
      shown.map(({ at }) => at / 1000),
      shown.map(({ point }) => (point ? read(point) : null)),
    )
  })
  const last = points.at(-1)
  return (
    <figure class="plot">
      <figcaption>
        {title} <b>{last ? text(read(last)) : '–'}</b>
      </figcaption>
      <div ref={place} class="plot-place" aria-hidden="true" />
    </figure>
  )
}

/** The server looks only while somebody watches: what it did not see is no line. */
function withGaps(points: readonly HistoryPoint[]): readonly { at: number; point: HistoryPoint | undefined }[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1]
    const gap = before && point.at - before.at > GAP ? [{ at: before.at + 1, point: undefined }] : []
    return [...gap, { at: point.at, point }]
  })
}
