import type { AnyStateMachine, InputFrom } from 'xstate'
import type { Queue } from '../client/queue.ts'
import type { QueueOptions } from '../client/queue-options.ts'
import type { RedriveOptions } from '../client/redrive-options.ts'
import { Redrive } from '../client/redrive.ts'
import type { Handler, Handlers } from '../worker/handlers.ts'
import type { HandlersOf } from '../worker/machine-handlers.ts'
import type { Worker, WorkerOptions } from '../worker/worker.ts'
import { unlessDead } from './handler-run.ts'

/** Starts the worker of a queue. */
type Work = (
  name: string,
  options: QueueOptions,
  handlers: Handler | Handlers,
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

  override queue<Machine extends AnyStateMachine>(
    name: string,
    options: QueueOptions<InputFrom<Machine>> & { readonly machine: Machine },
  ): Queue<InputFrom<Machine>, HandlersOf<Machine> | Handler<unknown>>
  // oxlint-disable-next-line typescript/no-explicit-any -- as in the client itself
  override queue<Payload = any>(name: string, options?: QueueOptions<Payload>): Queue<Payload>
  override queue(name: string, options: QueueOptions = {}): Queue {
    const queue = super.queue<unknown>(name, options)
    const known = this.#dressed.get(name)
    // oxlint-disable-next-line typescript/no-unsafe-return -- the overloads say what its payload is
    if (known) return known
    const dressed = mortal({
      ...queue,
      work: (handlers = {}, workerOptions) => this.#work(name, options, handlers, workerOptions),
    })
    this.#dressed.set(name, dressed)
    this.options.set(name, options)
    // oxlint-disable-next-line typescript/no-unsafe-return -- likewise
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
