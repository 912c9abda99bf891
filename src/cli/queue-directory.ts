import type { Queue } from '../client/queue.ts'
import type { Redrive } from '../client/redrive.ts'
import { nearest, RedriveError } from '../errors.ts'
import { checkQueueName } from '../message.ts'
import { defineQueues } from './module.ts'

/**
 * The queues of a server, by name. How many partitions one has is stored with it; another number would not find its messages,
 * so it is never guessed.
 */
export interface QueueDirectory {
  /** @throws RedriveError `E_UNKNOWN_QUEUE` with the nearest name, `E_INVALID_ID` for what can be no name. */
  open(name: string): Promise<Queue>
  /** Opens one that may have to begin to exist. */
  create(name: string): Promise<Queue>
  /** All of them, by name. */
  all(): Promise<Queue[]>
}

export interface Definitions {
  /** A module that defines the queues that have a machine of their own. */
  readonly module?: string
  /** Names of queues that are open with this client already. */
  readonly open?: ReadonlySet<string>
}

export function createQueueDirectory(redrive: Redrive, { module, open = new Set() }: Definitions = {}): QueueDirectory {
  const queues = new Map<string, Queue>()
  let defined: Promise<ReadonlySet<string>> | undefined

  async function take(name: string, partitions: number | undefined): Promise<Queue> {
    defined ??= module === undefined ? Promise.resolve(open) : defineQueues(redrive, module)
    const isOpen = (await defined).has(name)
    // A client takes the options of a queue once; after that it is had by its name alone.
    const found =
      queues.get(name) ?? redrive.queue<unknown>(name, isOpen || partitions === undefined ? {} : { partitions })
    queues.set(name, found)
    return found
  }

  return {
    async open(name) {
      const known = await redrive.queues()
      const definition = known.get(checkQueueName(name))
      if (!definition) throw unknownQueue(name, [...known.keys()], 'on this server')
      return take(name, definition.partitions)
    },
    async create(name) {
      const known = await redrive.queues()
      return take(checkQueueName(name), known.get(name)?.partitions)
    },
    async all() {
      const known = [...(await redrive.queues())].toSorted(([a], [b]) => (a < b ? -1 : 1))
      return Promise.all(known.map(([name, { partitions }]) => take(name, partitions)))
    },
  }
}

export function unknownQueue(name: string, known: readonly string[], where: string): RedriveError {
  const near = nearest(name, known)
  const possible = known.length === 0 ? 'There is none yet.' : `There are: ${known.toSorted().join(', ')}.`
  return new RedriveError(
    'E_UNKNOWN_QUEUE',
    `there is no queue "${name}" ${where}. ${near === undefined ? possible : `Did you mean "${near}"?`}`,
    { queue: name, ...(near === undefined ? {} : { nearest: near }) },
  )
}
