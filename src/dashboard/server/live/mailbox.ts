/** Events for one viewer. One who reads slowly misses some, and never finds old ones waiting. */
export interface Mailbox {
  put(event: LiveEvent): void
  /** The next event, once there is one; `undefined` after the end. */
  next(): Promise<LiveEvent | undefined>
  end(): void
}

export interface LiveEvent {
  readonly name: 'tick' | 'flow' | 'sources'
  readonly id: number
  /** JSON, made once for all viewers. */
  readonly data: string
}

export function createMailbox(): Mailbox {
  const waiting = new Map<LiveEvent['name'], LiveEvent>()
  let ended = false
  let wake = (): void => {}

  return {
    put(event) {
      waiting.set(event.name, event)
      wake()
    },
    async next() {
      while (waiting.size === 0 && !ended)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      const [first] = waiting.values()
      if (ended || !first) return undefined
      waiting.delete(first.name)
      return first
    },
    end() {
      ended = true
      wake()
    },
  }
}
