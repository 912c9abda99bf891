import { readRoster } from '../engine/roster.ts'
import type { QueueRuntime, Retention } from '../engine/runtime.ts'
import { DEFAULTS } from '../options.ts'
import type { Partition } from '../store/store.ts'
import { repeat } from './repeat.ts'

/**
 * Trims the feed, and settled messages by age, count and bytes, and takes out of the sets what has been missing for long. Any number of them may run
 * on one queue.
 */
export interface Janitor {
  start(): void
  stop(): void
  /** One sweep over all partitions, until nothing is left to delete; returns how many messages were deleted. */
  sweep(): Promise<number>
}

export function createJanitor(queue: QueueRuntime): Janitor {
  let end = (): void => {}
  let stopped = false
  let busy = true

  async function sweep(): Promise<number> {
    stopped = false
    let deleted = 0
    await forgetWorkers()
    for (const partition of queue.partitions) {
      // First: on a server that is full it makes room.
      await queue.store.prune(partition)
      for (const [state, retention] of await settledStates(queue, partition)) {
        deleted += await trim(partition, state, retention)
      }
      await queue.store.forget(partition, { missingFor: DEFAULTS.missingFor, limit: DEFAULTS.sweep })
    }
    return deleted
  }

  /** Those that were killed could not take themselves off the list. */
  async function forgetWorkers(): Promise<void> {
    const { gone } = readRoster(await queue.store.reports(queue.name), queue.clock.now())
    for (const name of gone) await queue.store.report(queue.name, name, undefined)
  }

  /** In calls of a bounded size, as many as it takes: what comes in faster than one call a sweep can delete would fill the server. */
  async function trim(partition: Partition, state: string, retention: Retention): Promise<number> {
    let deleted = 0
    for (;;) {
      const some = await queue.store.trim(partition, { state, ...retention, limit: DEFAULTS.sweep })
      deleted += some
      if (some < DEFAULTS.sweep || stopped) return deleted
    }
  }

  /** By chance more or less, so that many workers do not sweep at the same instant. */
  const pause = (): number =>
    (busy ? DEFAULTS.busySweepInterval : DEFAULTS.sweepInterval) * (0.5 + queue.clock.random())

  async function sweepAgain(): Promise<void> {
    try {
      busy = (await sweep()) > 0
    } catch (error) {
      busy = false
      // Nobody waits for a sweep when the client is closed under it.
      if (!queue.closed.aborted) queue.log.sweepFailed(queue.name, error)
    }
  }

  return {
    sweep,
    start() {
      end = repeat(queue.clock, pause, sweepAgain)
    },
    stop() {
      stopped = true
      end()
    },
  }
}

/** States in use in which a message is settled, with what the retention of their tags lets each partition keep. */
async function settledStates({ store, machine, settings, partitions }: QueueRuntime, partition: Partition) {
  const { states } = await store.stats(partition)
  return [...states.keys()].flatMap((state) => {
    const retention = machine.tags(state).flatMap((tag) => settings.retention.get(tag) ?? [])[0]
    return retention && Object.keys(retention).length > 0 ? [[state, share(retention, partitions.length)] as const] : []
  })
}

const share = ({ age, keep, bytes }: Retention, partitions: number): Retention => ({
  ...(age === undefined ? {} : { age }),
  ...(keep === undefined ? {} : { keep: Math.ceil(keep / partitions) }),
  ...(bytes === undefined ? {} : { bytes: Math.ceil(bytes / partitions) }),
})
