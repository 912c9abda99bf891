import type { QueueEvents, QueueRuntime } from '../engine/runtime.ts'
import { hasCode } from '../errors.ts'
import type { Emitter } from '../events/emitter.ts'
import type { QuorumLock } from '../lock/quorum.ts'
import type { Partition } from '../store/store.ts'

/** Lets those messages pass whose lock a majority of the lock nodes gives; without a quorum, all of them. */
export interface QuorumGate {
  /** `false` while too few nodes answer: nothing is to be claimed. */
  readonly open: boolean
  /** Resolves with the lock, with nothing where none is needed, or with `'refused'` when the message is to be given back. */
  enter(partition: Partition, id: string): Promise<QuorumLock | 'refused' | undefined>
  stop(): void
}

/** A rival that has just finished gives its lock back a moment after its last commit. */
const TRIES = 4
const PAUSE = 25
/** How often the nodes are asked again while too few answer, in milliseconds. */
const PROBE_EVERY = 500

export function createQuorumGate(queue: QueueRuntime, events: Emitter<QueueEvents>, opened: () => void): QuorumGate {
  const { lease } = queue.settings
  let open = true
  let cancel = (): void => {}

  function shut(error: Error): void {
    if (!open) return
    open = false
    queue.log.locksUnavailable(queue.name, error)
    events.emit('locksUnavailable', { queue: queue.name, reason: error })
    wait()
  }

  function wait(): void {
    cancel = queue.clock.after(PROBE_EVERY, () => void probe())
  }

  async function probe(): Promise<void> {
    if (!(await queue.quorum!.probe())) return wait()
    open = true
    queue.log.locksAvailable(queue.name)
    events.emit('locksAvailable', { queue: queue.name })
    opened()
  }

  async function attempt(partition: Partition, id: string): Promise<QuorumLock | 'refused'> {
    for (let i = 1; i <= TRIES; i++) {
      const lock = await queue.quorum!.acquire(partition, id, lease)
      if (lock) return lock
      if (i < TRIES) await new Promise<void>((resolve) => queue.clock.after(PAUSE * i, resolve))
    }
    return 'refused'
  }

  return {
    get open() {
      return open
    },
    async enter(partition, id) {
      if (!queue.quorum) return undefined
      try {
        return open ? await attempt(partition, id) : 'refused'
      } catch (error) {
        if (!hasCode(error, 'E_LOCKS_UNAVAILABLE')) throw error
        shut(error)
        return 'refused'
      }
    },
    stop: () => cancel(),
  }
}
