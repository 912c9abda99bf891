import type { Redrive } from '../client/redrive.ts'
import { RedriveError } from '../errors.ts'
import type { Worker } from '../worker/worker.ts'
import { clientFor, IDLE, loadModule } from './module.ts'
import { unknownQueue } from './queue-directory.ts'

export interface WorkerProcessOptions {
  /** Path of the module that defines the queues and works on them. */
  readonly module: string
  /** Only these queues. Default: all that the module works on. */
  readonly queues?: readonly string[]
  /** For calls of `work()` that do not say it themselves. */
  readonly concurrency: number
}

/** The workers of one module in this process. */
export interface WorkerProcess {
  /** Queues that are worked on. */
  readonly working: readonly string[]
  /** All queues that the module defines. */
  readonly defined: ReadonlySet<string>
  /** Lets handlers finish; with a second call they are aborted. */
  stop(): Promise<void>
}

/**
 * Runs a module's workers. Resolves when all of them claim messages.
 * @throws RedriveError `E_INVALID_OPTION` for a module that works on nothing, `E_UNKNOWN_QUEUE`, and what the module throws.
 */
export async function startWorkers(redrive: Redrive, options: WorkerProcessOptions): Promise<WorkerProcess> {
  const { module, queues, concurrency } = options
  const defined = new Set<string>()
  const workers: { readonly queue: string; readonly worker: Worker }[] = []
  const client = clientFor(redrive, (queue) => {
    defined.add(queue.name)
    return {
      ...queue,
      work(handlers, own) {
        if (queues && !queues.includes(queue.name)) return IDLE
        const worker = queue.work(handlers, { concurrency, ...own })
        workers.push({ queue: queue.name, worker })
        return worker
      },
    }
  })
  await (
    await loadModule(module)
  )(client, { concurrency })
  const working = [...new Set(workers.map(({ queue }) => queue))]
  checkWorking(options, working, defined)
  await Promise.all(workers.map(({ worker }) => worker.ready()))
  return {
    working,
    defined,
    stop: async () => void (await Promise.all(workers.map(({ worker }) => worker.stop()))),
  }
}

function checkWorking(
  { module, queues = [] }: WorkerProcessOptions,
  working: readonly string[],
  defined: ReadonlySet<string>,
): void {
  const unknown = queues.find((name) => !defined.has(name))
  if (unknown !== undefined) throw unknownQueue(unknown, [...defined], `in "${module}"`)
  if (working.length > 0) return
  const text = `"${module}" works on no queue: call redrive.queue(name).work(handler) in its default export.`
  throw new RedriveError('E_INVALID_OPTION', text, { path: module })
}
