import { useSignal, type Signal } from '@preact/signals'
import { useCallback, useEffect, useRef } from 'preact/hooks'
import type { Point } from '../api/chart.ts'
import { centre, type Box, type Drawing } from './geometry.ts'

/** Pixels of the screen = chart × scale + offset. */
export interface View {
  readonly x: number
  readonly y: number
  readonly scale: number
}

const SMALLEST = 0.1
const LARGEST = 3
/** Larger than this a small machine looks silly. */
const LARGEST_FIT = 1.35
/** Below it nobody can read: a small screen shows a part of the chart instead of all. */
export const READABLE = 0.5
/** Below it the names of nested states would stand upon each other: the outermost are shown alone. */
export const OUTLINE = 0.35
/** Room of the buttons in the lower right corner. */
const BUTTONS = { width: 134, height: 50 }

export interface Viewport {
  readonly view: Signal<View>
  readonly frame: { readonly current: HTMLDivElement | null }
  fit(): void
  zoom(factor: number, at?: Point): void
  pan(dx: number, dy: number): void
  /** Brings a box into sight, if it is not. */
  reveal(box: Box): void
}

/**
 * `focus` is the box to begin with where not all of the chart can be read at once, and `height` how far down the frame it is to stand,
 * from 0 to 1.
 */
export function useViewport(drawing: Drawing, focus: Box | undefined, height: number): Viewport {
  const view = useSignal<View>({ x: 0, y: 0, scale: 1 })
  const frame = useRef<HTMLDivElement>(null)
  const touched = useRef(false)
  const size = useCallback(() => frame.current?.getBoundingClientRect() ?? new DOMRect(0, 0, 800, 500), [])

  const fit = useCallback(() => {
    view.value = fitted(drawing, size())
  }, [drawing])

  const begin = useCallback(() => {
    const { width, height: down } = size()
    const isReadable = within(drawing.bounds, width, down).scale >= READABLE
    view.value = isReadable || !focus ? fitted(drawing, size()) : beginning(focus, size(), height)
  }, [drawing, focus, height])

  const zoom = useCallback((factor: number, at?: Point) => {
    touched.current = true
    const { width, height } = size()
    view.value = zoomed(view.value, factor, at ?? { x: width / 2, y: height / 2 })
  }, [])

  const pan = useCallback((dx: number, dy: number) => {
    touched.current = true
    const { x, y, scale } = view.value
    view.value = { x: x + dx, y: y + dy, scale }
  }, [])

  const reveal = useCallback((box: Box) => {
    const { width, height } = size()
    if (!isInSight(box, view.value, width, height)) view.value = centred(box, size(), view.value.scale)
  }, [])

  useEffect(() => {
    touched.current = false
    begin()
    const element = frame.current
    if (!element) return undefined
    // Until somebody moves the chart it follows the size of the window.
    const observer = new ResizeObserver(() => {
      if (!touched.current) begin()
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [begin])

  return { view, frame, fit, zoom, pan, reveal }
}

/** All of it; above the buttons where they would cover a state. */
function fitted({ bounds, states }: Drawing, frame: DOMRect): View {
  const whole = within(bounds, frame.width, frame.height)
  const isCovered = ({ outer, box }: Drawing['states'][number]): boolean =>
    !outer &&
    (box.x + box.width) * whole.scale + whole.x > frame.width - BUTTONS.width &&
    (box.y + box.height) * whole.scale + whole.y > frame.height - BUTTONS.height
  return states.some(isCovered) ? within(bounds, frame.width, frame.height - BUTTONS.height) : whole
}

function within({ x, y, width, height }: Box, across: number, down: number): View {
  const scale = Math.min(across / width, down / height, LARGEST_FIT)
  return { scale, x: (across - width * scale) / 2 - x * scale, y: (down - height * scale) / 2 - y * scale }
}

/** A part of the chart that can be read. */
function beginning(box: Box, frame: DOMRect, height: number): View {
  const scale = 0.85
  const { x, y } = centre(box)
  return { scale, x: frame.width * 0.4 - x * scale, y: frame.height * height - y * scale }
}

function centred(box: Box, frame: DOMRect, scale: number): View {
  const { x, y } = centre(box)
  return { scale, x: frame.width / 2 - x * scale, y: frame.height / 2 - y * scale }
}

function zoomed({ x, y, scale }: View, factor: number, at: Point): View {
  const next = Math.min(Math.max(scale * factor, SMALLEST), LARGEST)
  const share = next / scale
  return { scale: next, x: at.x - (at.x - x) * share, y: at.y - (at.y - y) * share }
}

function isInSight(box: Box, { x, y, scale }: View, width: number, height: number): boolean {
  const [left, top] = [box.x * scale + x, box.y * scale + y]
  return left >= 0 && top >= 0 && left + box.width * scale <= width && top + box.height * scale <= height
}
