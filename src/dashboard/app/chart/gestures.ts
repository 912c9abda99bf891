import { useEffect } from 'preact/hooks'
import type { Point } from '../api/chart.ts'
import type { Viewport } from './viewport.ts'

/** A pointer that moved less than this has clicked. */
const STILL = 4

/**
 * Drag to move, pinch or Ctrl and wheel to zoom. A plain wheel scrolls the page: a chart must not hold a reader who passes over it.
 */
export function useGestures({ frame, zoom, pan }: Viewport): void {
  useEffect(() => {
    const element = frame.current
    if (!element) return undefined
    const pointers = new Map<number, Point>()
    let moved = 0

    const place = ({ clientX, clientY }: MouseEvent): Point => {
      const { left, top } = element.getBoundingClientRect()
      return { x: clientX - left, y: clientY - top }
    }
    const down = (event: PointerEvent): void => {
      if (event.pointerType === 'mouse' && event.button !== 0) return
      if (pointers.size === 0) moved = 0
      pointers.set(event.pointerId, place(event))
    }
    const move = (event: PointerEvent): void => {
      const before = pointers.get(event.pointerId)
      if (!before) return
      const after = place(event)
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point)
      moved += Math.hypot(after.x - before.x, after.y - before.y)
      pointers.set(event.pointerId, after)
      if (other) zoom(distance(after, other) / Math.max(distance(before, other), 1), middle(after, other))
      else if (moved > STILL) {
        // Captured only now: a captured pointer's click would not reach the state under it.
        element.setPointerCapture(event.pointerId)
        pan(after.x - before.x, after.y - before.y)
      }
    }
    const up = (event: PointerEvent): void => void pointers.delete(event.pointerId)
    const click = (event: MouseEvent): void => {
      if (moved <= STILL) return
      event.preventDefault()
      event.stopPropagation()
      moved = 0
    }
    const wheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      zoom(Math.exp(-event.deltaY / 300), place(event))
    }
    const drag = (event: DragEvent): void => event.preventDefault()

    const ending = new AbortController()
    const { signal } = ending
    element.addEventListener('pointerdown', down, { signal })
    element.addEventListener('pointermove', move, { signal })
    element.addEventListener('pointerup', up, { signal })
    element.addEventListener('pointercancel', up, { signal })
    element.addEventListener('pointerleave', up, { signal })
    element.addEventListener('click', click, { signal, capture: true })
    element.addEventListener('wheel', wheel, { signal, passive: false })
    element.addEventListener('dragstart', drag, { signal })
    return () => ending.abort()
  }, [frame, zoom, pan])
}

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y)
const middle = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 })
