import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { LiveQueue } from '../live/live-queue.ts'
import type { FindEdge } from './edge-finder.ts'
import { FlowDots } from './flow-dots.ts'
import type { Drawing } from './geometry.ts'
import { leavesOf } from './population.ts'
import { toneOf, type Tone } from './tone.ts'

interface FlowLayerProps {
  readonly drawing: Drawing
  readonly find: FindEdge
  readonly live: LiveQueue
  /** Only this message. */
  readonly only?: string | undefined
}

/** The moving dots. Whoever asked the system for less motion gets none: the thickness of the edges says the same. */
export function FlowLayer({ drawing, find, live, only }: FlowLayerProps): JSX.Element {
  const group = useRef<SVGGElement>(null)
  useEffect(() => {
    if (!group.current || matchMedia('(prefers-reduced-motion: reduce)').matches) return undefined
    const tones = new Map(drawing.states.map(({ state }) => [state.id, toneOf(state)]))
    const tone = (name: string): Tone => tones.get(leavesOf(name)[0] ?? '') ?? 'waiting'
    const dots = new FlowDots(group.current, find, tone)
    const unhear = live.onFlow((flow) => {
      const items = only === undefined ? flow.items : flow.items.filter(({ id }) => id === only)
      dots.take({ ...flow, items }, performance.now())
    })
    return () => {
      unhear()
      dots.stop()
    }
  }, [drawing, find, live, only])
  return <g ref={group} class="dots" aria-hidden="true" />
}
