import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export interface Plot {
  /** Seconds since 1970, and a value for each; `null` breaks the line. */
  show(times: readonly number[], values: readonly (number | null)[]): void
  remove(): void
}

const HEIGHT = 110
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })

/** A small line over time. It follows the width of its place, and the colours of the page. */
export function drawPlot(place: HTMLElement, text: (value: number) => string, color: string): Plot {
  const style = getComputedStyle(document.documentElement)
  const [line, muted, grid] = [color, '--muted', '--line'].map((name) => style.getPropertyValue(name).trim())
  const axis = {
    stroke: muted,
    font: '11px system-ui',
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
  } as const
  const plot = new UPlot(
    {
      width: place.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, points: { size: 6 } },
      padding: [8, 4, 0, 0],
      scales: { y: { range: (_, _low, high) => [0, Math.max(high * 1.1, 4)] } },
      axes: [
        { ...axis, size: 24, space: 60, values: (_, values) => values.map((value) => CLOCK.format(value * 1000)) },
        { ...axis, size: 56, values: (_, values) => values.map((value) => text(value)), space: 34 },
      ],
      series: [
        {},
        { stroke: line, fill: `color-mix(in srgb, ${line} 14%, transparent)`, width: 1.5, points: { show: false } },
      ],
    } as UPlot.Options,
    [[], []],
    place,
  )
  const observer = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT }))
  observer.observe(place)
  return {
    show: (times, values) => plot.setData([[...times], [...values]]),
    remove() {
      observer.disconnect()
      plot.destroy()
    },
  }
}
