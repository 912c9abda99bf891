import { signal } from '@preact/signals'
import { readEvents, type ServerEvent } from '../api/event-stream.ts'
import { liveUrl, type Flow, type Tick } from '../api/live.ts'
import { setClock } from '../time/clock.ts'

export type Connection = 'connecting' | 'live' | 'lost'

const FIRST_PAUSE = 500
const LONGEST_PAUSE = 5000

/** What happens in a queue now. One stream, open while the tab is shown, opened again whenever it breaks. */
export class LiveQueue {
  readonly tick = signal<Tick | undefined>(undefined)
  readonly connection = signal<Connection>('connecting')
  readonly queue: string
  private readonly hearers = new Set<(flow: Flow) => void>()
  private lastId: string | undefined
  private stream: AbortController | undefined
  private pause = FIRST_PAUSE
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(queue: string) {
    this.queue = queue
  }

  onFlow(hear: (flow: Flow) => void): () => void {
    this.hearers.add(hear)
    return () => this.hearers.delete(hear)
  }

  start(): void {
    document.addEventListener('visibilitychange', this.onVisibility)
    this.onVisibility()
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.onVisibility)
    this.close()
  }

  /** A hidden tab costs the server nothing. */
  private readonly onVisibility = (): void => {
    if (document.hidden) this.close()
    else if (!this.stream) this.open()
  }

  private close(): void {
    clearTimeout(this.timer)
    this.stream?.abort()
    this.stream = undefined
  }

  private open(): void {
    const stream = new AbortController()
    this.stream = stream
    void this.read(stream.signal)
      .catch(() => {}) // why it broke does not matter: it is opened again, and the page says so meanwhile
      .then(() => {
        if (stream.signal.aborted) return
        this.connection.value = 'lost'
        this.timer = setTimeout(() => this.open(), this.pause)
        this.pause = Math.min(this.pause * 2, LONGEST_PAUSE)
      })
  }

  private async read(aborted: AbortSignal): Promise<void> {
    for await (const event of readEvents(liveUrl(this.queue), { lastId: this.lastId, signal: aborted })) {
      this.lastId = event.id ?? this.lastId
      this.pause = FIRST_PAUSE
      this.take(event)
    }
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
