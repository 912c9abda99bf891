import type { Queue } from '../client/queue.ts'
import type { Redrive } from '../client/redrive.ts'
import { RedriveError } from '../errors.ts'
import { defineQueues } from './module.ts'
import { unknownQueue } from './queue-directory.ts'

/**
 * The queues that a module defines, or the one of that name. No worker starts, and nothing is written.
 * @throws RedriveError `E_UNKNOWN_QUEUE`, `E_INVALID_OPTION` for a module without queues.
 */
export async function queuesOfModule(redrive: Redrive, module: string, name?: string): Promise<Queue[]> {
  const defined = [...(await defineQueues(redrive, module))]
  if (defined.length === 0) {
    const text = `"${module}" defines no queue: call redrive.queue(name, …) in its default export.`
    throw new RedriveError('E_INVALID_OPTION', text, { path: module })
  }
  if (name !== undefined && !defined.includes(name)) throw unknownQueue(name, defined, `in "${module}"`)
  return defined.filter((each) => name === undefined || each === name).map((each) => redrive.queue<unknown>(each))
}
