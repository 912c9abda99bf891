import type { HistoryPoint } from '../../shapes/live.ts'

export interface History {
  add(point: HistoryPoint): void
  /** Oldest first. */
  lastMinutes(minutes: number): readonly HistoryPoint[]
}

/** An hour of seconds. */
const POINTS = 3600

export function createHistory(): History {
  const points: HistoryPoint[] = []
  return {
    add(point) {
      points.push(point)
      if (points.length > POINTS) points.shift()
    },
    lastMinutes: (minutes) => {
      const newest = points.at(-1)?.at ?? 0
      return points.filter(({ at }) => at > newest - minutes * 60_000)
    },
  }
}
