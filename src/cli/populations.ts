import type { Queue } from '../client/queue.ts'
import type { QueueStats } from '../client/reader.ts'
import type { QueueDirectory } from './queue-directory.ts'

/** How many messages of a queue are in which state. */
export interface Population extends QueueStats {
  readonly queue: string
  /** All states together. */
  readonly messages: number
}

/** Of one queue, or of all, by name. */
export async function readPopulations(directory: QueueDirectory, name?: string): Promise<Population[]> {
  const queues = name === undefined ? await directory.all() : [await directory.open(name)]
  return Promise.all(queues.map(readPopulation))
}

async function readPopulation(queue: Queue): Promise<Population> {
  const { now, states, nextDue, paused } = await queue.stats()
  const inUse = Object.fromEntries(Object.entries(states).filter(([, count]) => count > 0))
  const messages = Object.values(inUse).reduce((sum, count) => sum + count, 0)
  return { queue: queue.name, messages, states: inUse, nextDue, paused, now }
}

/** `pending 3, dead 1`, the most first. */
export function populationText(states: QueueStats['states']): string {
  const sorted = Object.entries(states).toSorted(([, a], [, b]) => b - a)
  return sorted.map(([state, count]) => `${state} ${count}`).join(', ') || '-'
}
