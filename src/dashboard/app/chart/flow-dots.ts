import type { Flow, FlowItem } from '../api/live.ts'
import { wayThrough, type Way } from './edge-route.ts'
import type { FindEdge } from './edge-finder.ts'
import type { DrawnEdge } from './geometry.ts'
import type { Tone } from './tone.ts'

/** So many move at once; more would only be a blur. */
const MOST = 120
/** Pixels of the chart that a dot passes in a second, within the bounds of how long it may take. */
const SPEED = 420
const SHORTEST = 450
const LONGEST = 1400
/** Transitions of a quarter of a second come together, and set out spread over as long. */
const SPREAD = 250

interface Dot {
  readonly circle: SVGCircleElement
  way: Way | undefined
  start: number
  duration: number
}

/**
 * Messages on their way, each a dot along the edge that it took. They are moved by hand, past the component tree: a hundred of them at
 * sixty frames a second.
 */
export class FlowDots {
  private readonly dots: Dot[] = []
  private readonly ways = new Map<DrawnEdge, Way>()
  private frame: number | undefined
  private readonly group: SVGGElement
  private readonly find: FindEdge
  private readonly toneOf: (state: string) => Tone

  constructor(group: SVGGElement, find: FindEdge, toneOf: (state: string) => Tone) {
    this.group = group
    this.find = find
    this.toneOf = toneOf
  }

  take({ items }: Flow, time: number): void {
    const first = Math.min(...items.map(({ at }) => at))
    for (const item of items) this.begin(item, time + Math.min(item.at - first, SPREAD))
    if (this.frame === undefined && items.length > 0) this.frame = requestAnimationFrame(this.draw)
  }

  stop(): void {
    if (this.frame !== undefined) cancelAnimationFrame(this.frame)
    this.frame = undefined
    for (const { circle } of this.dots) circle.remove()
    this.dots.length = 0
  }

  private begin({ id, from, to, event }: FlowItem, start: number): void {
    const edge = this.find(from, to, event)
    const dot = edge && this.free()
    if (!edge || !dot) return
    const way = this.wayOf(edge)
    dot.way = way
    dot.start = start
    dot.duration = Math.min(Math.max((way.length / SPEED) * 1000, SHORTEST), LONGEST)
    dot.circle.setAttribute('class', `dot tone-${this.toneOf(to)}`)
    dot.circle.dataset['id'] = id
  }

  private free(): Dot | undefined {
    const idle = this.dots.find(({ way }) => way === undefined)
    if (idle || this.dots.length >= MOST) return idle
    const circle = document.createElementNS('http://www.w3.org/2000/svg', 'circle')
    circle.setAttribute('r', '4.500')
    this.group.append(circle)
    const dot: Dot = { circle, way: undefined, start: 0, duration: 0 }
    this.dots.push(dot)
    return dot
  }

  private wayOf(edge: DrawnEdge): Way {
    const known = this.ways.get(edge)
    if (known) return known
    const way = wayThrough(edge.points)
    this.ways.set(edge, way)
    return way
  }

  private readonly draw = (time: number): void => {
    let moving = false
    for (const dot of this.dots) {
      if (!dot.way) continue
      const share = (time - dot.start) / dot.duration
      moving ||= share < 1
      if (share >= 1) this.rest(dot)
      else if (share >= 0) place(dot.circle, dot.way, share)
      else dot.circle.style.display = 'none'
    }
    this.frame = moving ? requestAnimationFrame(this.draw) : undefined
  }

  private rest(dot: Dot): void {
    dot.way = undefined
    dot.circle.style.display = 'none'
  }
}

function place(circle: SVGCircleElement, way: Way, share: number): void {
  // It leaves quickly and arrives gently.
  const { x, y } = way.at(1 - (1 - share) ** 2)
  circle.style.display = ''
  circle.setAttribute('transform', `translate(${x.toFixed(1)} ${y.toFixed(1)})`)
}
