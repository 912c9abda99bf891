import type { Point } from '../api/chart.ts'
import type { Box } from './geometry.ts'

/** A part of an edge that goes up or down. */
export interface Upright {
  readonly x: number
  readonly top: number
  readonly bottom: number
}

export const uprightsOf = (points: readonly Point[]): readonly Upright[] =>
  points.slice(1).flatMap((to, index) => {
    const from = points[index] ?? to
    return Math.abs(from.x - to.x) < 2 ? [{ x: to.x, top: Math.min(from.y, to.y), bottom: Math.max(from.y, to.y) }] : []
  })

const CLEARANCE = 8

/** A box made as wide as it should be, to the side where no edge passes by; narrower where edges pass on both. */
export function widened(box: Box, width: number, uprights: readonly Upright[]): Box {
  const missing = Math.max(width - box.width, 0)
  const beside = uprights.filter(({ top, bottom }) => top < box.y + box.height && bottom > box.y)
  const right = box.x + box.width
  const leftRoom = Math.min(
    ...beside.flatMap(({ x }) => (x < box.x ? [Math.max(box.x - x - CLEARANCE, 0)] : [])),
    missing,
  )
  const rightRoom = Math.min(
    ...beside.flatMap(({ x }) => (x > right ? [Math.max(x - right - CLEARANCE, 0)] : [])),
    missing,
  )
  const toRight = Math.min(Math.max(missing / 2, missing - leftRoom), rightRoom)
  const toLeft = Math.min(missing - toRight, leftRoom)
  return { x: box.x - toLeft, y: box.y, width: box.width + toLeft + toRight, height: box.height }
}
