import { signal } from '@preact/signals'
import type { ServerEvent } from '../api/event-stream.ts'
import { liveUrl, type Flow, type Tick } from '../api/live.ts'
import { setClock } from '../time/clock.ts'
import { followStream } from './follow-stream.ts'

export type Connection = 'connecting' | 'live' | 'lost'

/** What happens in a queue now. */
export class LiveQueue {
  readonly tick = signal<Tick | undefined>(undefined)
  readonly connection = signal<Connection>('connecting')
  readonly queue: string
  private readonly hearers = new Set<(flow: Flow) => void>()
  private end: (() => void) | undefined

  constructor(queue: string) {
    this.queue = queue
  }

  onFlow(hear: (flow: Flow) => void): () => void {
    this.hearers.add(hear)
    return () => this.hearers.delete(hear)
  }

  start(): void {
    this.end = followStream(liveUrl(this.queue), {
      hear: (event) => this.take(event),
      lost: () => {
        this.connection.value = 'lost'
      },
    })
  }

  stop(): void {
    this.end?.()
  }

  private take({ type, data }: ServerEvent): void {
    if (type === 'tick') {
      const tick = data as Tick
      setClock(tick.at)
      this.connection.value = 'live'
      this.tick.value = tick
    } else if (type === 'flow') {
      for (const hear of this.hearers) hear(data as Flow)
    }
  }
}
