import { signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { LiveQueue } from './live-queue.ts'

/** The queue that the page shows live, if it does: the notice at the top of the page watches it too. */
export const shown = signal<LiveQueue | undefined>(undefined)

export function useLive(queue: string): LiveQueue {
  const live = useMemo(() => new LiveQueue(queue), [queue])
  useEffect(() => {
    live.start()
    shown.value = live
    return () => {
      live.stop()
      if (shown.value === live) shown.value = undefined
    }
  }, [live])
  return live
}
