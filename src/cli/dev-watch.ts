import { setTimeout as pause } from 'node:timers/promises'
import type { Redrive } from '../client/redrive.ts'
import { createFeedFollower } from './feed-follower.ts'
import { populationText, readPopulations } from './populations.ts'
import { createQueueDirectory } from './queue-directory.ts'
import type { Session } from './session.ts'
import { createStatusLine } from './status-line.ts'
import { transitionText } from './transition-text.ts'

/** Shows what happens in every queue, as it happens. */
export interface Watching {
  stop(): Promise<void>
}

export interface WatchOptions {
  readonly from: 'now' | 'start'
  /** Names of queues that are open with this client already. */
  readonly open?: ReadonlySet<string>
}

/** Milliseconds between two looks for new queues, and two readings of the populations. */
const INTERVAL = 1000

export async function watchQueues(session: Session, redrive: Redrive, { from, open }: WatchOptions): Promise<Watching> {
  const { output, terminal } = session
  const directory = createQueueDirectory(redrive, open ? { open } : {})
  const status = createStatusLine(terminal)
  const note = (text: string): void => status.beside(() => output.note(text))
  const follower = createFeedFollower(directory, {
    from,
    note,
    tell: (transition) =>
      status.beside(() => output.record(transition, () => transitionText(transition, output.colors))),
  })
  const stopped = new AbortController()

  async function look(): Promise<void> {
    await follower.look()
    if (terminal.stderr.isTTY !== true) return
    const populations = await readPopulations(directory)
    status.show(populations.map(({ queue, states }) => `${queue}: ${populationText(states)}`).join(' · '))
  }

  async function keepLooking(): Promise<void> {
    while (!stopped.signal.aborted) {
      await pause(INTERVAL, undefined, { signal: stopped.signal }).catch(() => {})
      // Redis may be away for a moment; the workers say so.
      if (!stopped.signal.aborted) await look().catch(() => {})
    }
  }

  await look()
  const looking = keepLooking()
  return {
    async stop() {
      stopped.abort()
      await looking
      await follower.stop()
      status.end()
    },
  }
}
