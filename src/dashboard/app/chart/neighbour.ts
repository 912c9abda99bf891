import { centre, type DrawnState } from './geometry.ts'

const DIRECTIONS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

export const isArrow = (key: string): boolean => Object.hasOwn(DIRECTIONS, key)

/** The state that lies in the direction of an arrow key; what lies aside counts as twice as far. */
export function neighbour(states: readonly DrawnState[], from: DrawnState, key: string): DrawnState | undefined {
  const [dx, dy] = DIRECTIONS[key] ?? [0, 0]
  const start = centre(from.box)
  let best: { state: DrawnState; cost: number } | undefined
  for (const state of states) {
    if (state === from) continue
    const to = centre(state.box)
    const ahead = (to.x - start.x) * dx + (to.y - start.y) * dy
    const aside = Math.abs((to.x - start.x) * dy) + Math.abs((to.y - start.y) * dx)
    if (ahead <= 1 || aside > ahead * 4) continue
    const cost = ahead + aside * 2
    if (!best || cost < best.cost) best = { state, cost }
  }
  return best?.state
}
