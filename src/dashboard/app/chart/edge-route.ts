import type { Point } from '../api/chart.ts'

const RADIUS = 8

/** An SVG path through points, its corners rounded. */
export function roundedPath([first, ...rest]: readonly Point[]): string {
  if (!first) return ''
  const parts = [`M${first.x} ${first.y}`]
  rest.forEach((corner, index) => {
    const next = rest[index + 1]
    if (!next) {
      parts.push(`L${corner.x} ${corner.y}`)
      return
    }
    const [before, after] = [towards(corner, rest[index - 1] ?? first), towards(corner, next)]
    parts.push(`L${before.x} ${before.y}Q${corner.x} ${corner.y} ${after.x} ${after.y}`)
  })
  return parts.join('')
}

function towards(corner: Point, neighbour: Point): Point {
  const [dx, dy] = [neighbour.x - corner.x, neighbour.y - corner.y]
  const length = Math.hypot(dx, dy)
  const share = length === 0 ? 0 : Math.min(RADIUS, length / 2) / length
  return { x: corner.x + dx * share, y: corner.y + dy * share }
}

/** A way that something can move along: the place at each part of it, from 0 to 1. */
export interface Way {
  readonly length: number
  at(share: number): Point
}

export function wayThrough(points: readonly Point[]): Way {
  const pieces = points.slice(1).map((to, index) => {
    const from = points[index] ?? to
    return { from, to, length: Math.hypot(to.x - from.x, to.y - from.y) }
  })
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return {
    length,
    at(share) {
      let left = Math.min(Math.max(share, 0), 1) * length
      for (const { from, to, length: piece } of pieces) {
        if (left <= piece && piece > 0) {
          const part = left / piece
          return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part }
        }
        left -= piece
      }
      return points.at(-1) ?? { x: 0, y: 0 }
    },
  }
}
