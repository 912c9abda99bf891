import type { Inside } from '../../../client/inside.ts'
import type { BoardQueue } from '../queue-book.ts'
import { createMonitor, type Extras, type Monitor } from './monitor.ts'

/** The monitors of all queues, each made with its first viewer. */
export interface Monitors {
  of(queue: BoardQueue): Monitor
  /** What else is known of a queue: whether it is paused, and who works on it. */
  extras(queue: string): Promise<Extras>
  /** Names who is to be asked for that. Default: nobody. */
  ask(source: (queue: string) => Promise<Extras>): void
}

export function createMonitors(inside: Inside): Monitors {
  const monitors = new Map<string, Monitor>()
  let extras: (queue: string) => Promise<Extras> = () => Promise.resolve({})
  return {
    of(queue) {
      // Of another machine it is another chart.
      const key = JSON.stringify([queue.name, queue.known?.runtime.machine.ref, queue.partitions.length])
      const monitor = monitors.get(key) ?? createMonitor(inside, queue, () => extras(queue.name))
      monitors.set(key, monitor)
      return monitor
    },
    extras: (queue) => extras(queue),
    ask(source) {
      extras = source
    },
  }
}
