/** What a monitor does again and again while somebody looks. */
export interface Beats<Seen> {
  /** Milliseconds. */
  readonly tickEvery: number
  readonly flowEvery: number
  /** How long it goes on after the last viewer has left. */
  readonly linger: number
  look(): Promise<Seen>
  /** Is called each second; with nothing when what was looked for did not come in time. */
  tick(seen: Seen | undefined): void
  flow(): void
  /** Begins to listen; resolves with the ways to end that. Where the server is away, it may take as long as that is. */
  listen(): Promise<readonly (() => Promise<void>)[]>
}

export interface Pulse {
  readonly isBeating: boolean
  start(): void
  /** Goes on for a while. */
  stop(): void
  end(): void
}

/** Ticks that a look may take before it counts as one that does not come. */
const PATIENCE = 1.5

export function createPulse<Seen>({ tickEvery, flowEvery, linger, look, tick, flow, listen }: Beats<Seen>): Pulse {
  let timers: NodeJS.Timeout[] = []
  let ending: NodeJS.Timeout | undefined
  let listening: Promise<readonly (() => Promise<void>)[]> | undefined
  let lookingSince: number | undefined

  /** One look at a time: while Redis is away they would pile up. */
  async function beat(): Promise<void> {
    if (lookingSince !== undefined) {
      if (performance.now() - lookingSince > PATIENCE * tickEvery) tick(undefined)
      return
    }
    lookingSince = performance.now()
    await look().then(
      (seen) => {
        if (timers.length > 0) tick(seen)
      },
      () => {
        if (timers.length > 0) tick(undefined)
      },
    )
    lookingSince = undefined
  }

  /** Asked again with the next start when it fails: a server of another version, or none at all. */
  function open(): void {
    listening ??= listen().catch(() => {
      listening = undefined
      return []
    })
  }

  function end(): void {
    clearTimeout(ending)
    for (const timer of timers) clearInterval(timer)
    timers = []
    const ends = listening
    listening = undefined
    void ends?.then((all) => Promise.all(all.map((each) => each().catch(() => {}))))
  }

  return {
    get isBeating() {
      return timers.length > 0
    },
    start() {
      clearTimeout(ending)
      if (timers.length > 0) return
      const every = (ms: number, action: () => void): NodeJS.Timeout => setInterval(action, ms).unref()
      timers = [
        every(tickEvery, () => {
          open()
          void beat()
        }),
        every(flowEvery, flow),
      ]
      open()
      void beat()
    },
    stop() {
      clearTimeout(ending)
      ending = setTimeout(end, linger).unref()
    },
    end,
  }
}
