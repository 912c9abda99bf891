import { readRoster } from '../../engine/roster.ts'
import type { Inside } from '../../client/inside.ts'
import type { Extras } from '../server/live/monitor.ts'

/** Whether a queue is paused and who works on it, for its live picture. */
export async function extrasOf({ store }: Pick<Inside, 'store'>, queue: string): Promise<Extras> {
  const [definitions, reports] = await Promise.all([store.queues(), store.reports(queue)])
  const count = definitions.get(queue)?.partitions ?? 1
  const partitions = Array.from({ length: count }, (_, index) => ({ queue, index }))
  const stats = await Promise.all(partitions.map((partition) => store.stats(partition)))
  const { present } = readRoster(reports, Math.max(...stats.map(({ now }) => now)))
  const sum = (pick: (report: (typeof present)[number]) => number): number =>
    present.reduce((total, report) => total + pick(report), 0)
  return {
    paused: stats.some(({ paused }) => paused),
    workers: {
      count: present.length,
      active: sum(({ active }) => active),
      concurrency: sum(({ concurrency }) => concurrency),
    },
  }
}
