import type { QueueRuntime } from '../engine/runtime.ts'
import { DEFAULTS } from '../options.ts'
import { repeat } from './repeat.ts'

/** Trims settled messages by age and count, a bounded number at a time. Any number of them may run on one queue. */
export interface Janitor {
  start(): void
  stop(): void
  /** One sweep over all partitions; returns how many messages were deleted. */
  sweep(): Promise<number>
}

export function createJanitor(queue: QueueRuntime): Janitor {
  let end = (): void => {}

  async function sweep(): Promise<number> {
    let deleted = 0
    for (const partition of queue.partitions) {
      for (const [state, retention] of await settledStates(queue, partition)) {
        deleted += await queue.store.trim(partition, { state, ...retention, limit: DEFAULTS.sweep })
      }
    }
    return deleted
  }

  /** By chance more or less, so that many workers do not sweep at the same instant. */
  const pause = (): number => DEFAULTS.sweepInterval * (0.5 + queue.clock.random())
  const failed = (error: unknown): void => queue.log.sweepFailed(queue.name, error)

  return {
    sweep,
    start() {
      end = repeat(queue.clock, pause, () => sweep().catch(failed))
    },
    stop: () => end(),
  }
}

/** States in use in which a message is settled, with the retention of their tags. */
async function settledStates(
  { store, machine, settings }: QueueRuntime,
  partition: QueueRuntime['partitions'][number],
) {
  const { states } = await store.stats(partition)
  return [...states.keys()].flatMap((state) => {
    const retention = machine.tags(state).flatMap((tag) => settings.retention.get(tag) ?? [])[0]
    return retention && (retention.age !== undefined || retention.keep !== undefined)
      ? [[state, retention] as const]
      : []
  })
}
