import type { QueueOptions } from '../../src/client/queue-options.ts'
import type { FeedTransition } from '../../src/client/feed.ts'
import type { Queue } from '../../src/client/queue.ts'
import { hasCode } from '../../src/errors.ts'
import type { MemoryStore } from '../../src/store/memory-store.ts'
import { openBerth, type Berth, type Life } from './berth.ts'
import type { Chart } from './charts.ts'
import type { SimulatedDisk } from './disk.ts'
import { run, type Errand } from './errands.ts'
import type { Executions } from './executions.ts'
import { createHandlers } from './handlers.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { World } from './world.ts'

/** A queue of this run, and how it is set up, alike in all processes. */
export interface Setting {
  readonly chart: Chart
  readonly common: Pick<QueueOptions, 'lease' | 'partitions' | 'retention' | 'journal'>
}

export function openWorker(
  world: World,
  server: MemoryStore,
  name: string,
  settings: readonly Setting[],
  executions: Executions,
): Berth {
  const concurrency = Math.floor(world.between(1, 6))
  const prefetch = Math.floor(world.between(0, 4))
  return openBerth(world, server, name, ({ process, redrive }) => {
    for (const { chart, common } of settings) {
      const handlers = createHandlers(world, process, executions, chart.sources)
      const worker = redrive
        .queue(chart.name, { ...chart.options, ...common })
        .work(handlers, { name: process.name, concurrency, prefetch })
      // A worker that cannot begin says so; its process ends, and is started again by whoever watches over it.
      worker.ready().catch(() => process.resume(process.kill))
    }
  })
}

export function openProducer(
  world: World,
  server: MemoryStore,
  settings: readonly Setting[],
  errands: readonly Errand[],
  disk: SimulatedDisk | undefined,
): Berth {
  const live = ({ process, redrive }: Life): void => {
    for (const { chart, common } of settings) {
      const queue = redrive.queue(chart.name, { ...chart.options, ...common })
      const open = errands.filter((errand) => errand.chart === chart && !errand.over)
      for (const errand of open) void run(world, process, queue, errand, common.retention === undefined)
    }
  }
  return openBerth(world, server, 'producer', live, disk)
}

/** What a follower of a feed has seen, and from where it goes on. */
export interface Followed {
  readonly queue: string
  position: string
  readonly seen: Set<string>
}

export function openFollower(
  world: World,
  server: MemoryStore,
  settings: readonly Setting[],
  followed: readonly Followed[],
): Berth {
  return openBerth(world, server, 'follower', ({ process, redrive }) => {
    settings.forEach(({ chart, common }, i) => {
      const queue = redrive.queue(chart.name, { ...chart.options, ...common })
      void keepFollowing(process, queue, followed[i]!)
    })
  })
}

async function keepFollowing(process: SimulatedProcess, queue: Queue, followed: Followed): Promise<void> {
  for (;;) {
    try {
      return await follow(process, queue.feed({ from: followed.position }), followed)
    } catch (error) {
      if (!hasCode(error, 'E_REDIS_UNAVAILABLE')) throw error
      await process.sleep(500)
    }
  }
}

/** Notes the position only when the transition is dealt with: one may be seen twice, and none is missed. */
async function follow(
  process: SimulatedProcess,
  feed: AsyncGenerator<FeedTransition>,
  followed: Followed,
): Promise<void> {
  for await (const transition of feed) {
    followed.seen.add(feedKey(transition))
    await process.sleep(1)
    followed.position = transition.position
  }
}

export const feedKey = ({
  id,
  revision,
  event,
  to,
}: Pick<FeedTransition, 'id' | 'revision' | 'event' | 'to'>): string => `${id} ${revision} ${event} ${to}`
