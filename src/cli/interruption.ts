/** `SIGPIPE` stands for a reader of stdout that has gone; `disconnect` for a parent process that has. */
export type StopReason = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGPIPE' | 'disconnect'

type Listener = (reason: StopReason, count: number) => void

/** Requests to stop. While nobody listens, the first one ends the process: a verb that only reads has nothing to tidy. */
export interface Interruption {
  /** Listens, until the function that it returns is called. `count` says how often it was asked, from 1. */
  take(listener: Listener): () => void
  interrupt(reason: StopReason): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** As a shell reports a process that a signal ended: 128 and its number. */
const ENDED_BY: Readonly<Record<StopReason, number>> = {
  SIGINT: 130,
  SIGTERM: 143,
  SIGHUP: 129,
  SIGPIPE: 0,
  disconnect: 0,
}

/** The exit code of a verb that was told to stop before it was through. */
export const endedBy = (reason: StopReason): number => ENDED_BY[reason]

/** The exit code of a service, which only ends when it is told to: a Ctrl-C interrupts it, everything else is as planned. */
export const stoppedBy = (reason: StopReason): number => (reason === 'SIGINT' ? ENDED_BY.SIGINT : 0)

/** Changes that go on when nobody reads of them any more: half of them, and an exit code of 0, would be taken for all. */
export async function toTheEnd<T>(interruption: Interruption, change: () => Promise<T>): Promise<T> {
  const release = interruption.take((reason) => {
    if (reason !== 'SIGPIPE') process.exit(endedBy(reason))
  })
  try {
    return await change()
  } finally {
    release()
  }
}

export function createInterruption(exit: (code: number) => void = process.exit): Interruption {
  let listener: Listener | undefined
  let count = 0

  function interrupt(reason: StopReason): void {
    if (!listener) return exit(endedBy(reason))
    count++
    listener(reason, count)
  }

  for (const signal of SIGNALS) process.on(signal, () => interrupt(signal))
  return {
    interrupt,
    take(next) {
      listener = next
      count = 0
      return () => {
        listener = undefined
      }
    },
  }
}
