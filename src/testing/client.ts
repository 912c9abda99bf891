import type { Queue } from '../client/queue.ts'
import type { QueueOptions } from '../client/queue-options.ts'
import type { RedriveOptions } from '../client/redrive-options.ts'
import { Redrive } from '../client/redrive.ts'
import type { GivenHandlers, Handler } from '../worker/handlers.ts'
import type { Worker, WorkerOptions } from '../worker/worker.ts'
import { unlessDead } from './handler-run.ts'

/** Starts the worker of a queue. */
type Work = (
  name: string,
  options: QueueOptions,
  handlers: Handler | GivenHandlers,
  workerOptions: WorkerOptions | undefined,
) => Worker

/** The client under test: its queues work in processes of their own, which can die. */
export class TestClient extends Redrive {
  readonly #work: Work
  readonly #dressed = new Map<string, Queue>()
  /** What each queue was opened with. */
  readonly options = new Map<string, QueueOptions>()

  constructor(options: RedriveOptions, work: Work) {
    super(options)
    this.#work = work
  }

  protected override openQueue(name: string, options: QueueOptions): Queue {
    const queue = super.openQueue(name, options)
    const known = this.#dressed.get(name)
    if (known) return known
    const dressed = mortal({
      ...queue,
      work: (handlers: Handler | GivenHandlers = {}, workerOptions) =>
        this.#work(name, options, handlers, workerOptions),
    })
    this.#dressed.set(name, dressed)
    this.options.set(name, options)
    return dressed
  }
}

/** What a queue is asked by a handler has no effect when its process is dead. */
function mortal(queue: Queue): Queue {
  const { send, sendBulk, get, history, list, stats, result, signal, cancel, retry, redrive, release, remove } = queue
  const calls = { send, sendBulk, get, history, list, stats, result, signal, cancel, retry, redrive, release, remove }
  const guarded = Object.entries(calls).map(([name, call]) => [
    name,
    (...args: never[]) => unlessDead(() => (call as (...args: never[]) => Promise<unknown>)(...args)),
  ])
  return { ...queue, ...(Object.fromEntries(guarded) as typeof calls) }
}
