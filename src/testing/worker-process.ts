import type { Queue } from '../client/queue.ts'
import type { QueueOptions } from '../client/queue-options.ts'
import type { LocalQueue } from '../client/post.ts'
import type { RedriveOptions } from '../client/redrive-options.ts'
import { Redrive } from '../client/redrive.ts'
import type { QueueEvents } from '../engine/runtime.ts'
import type { Logger } from '../telemetry/log.ts'
import type { GivenHandlers, Handler } from '../worker/handlers.ts'
import type { Worker, WorkerOptions } from '../worker/worker.ts'
import { watched } from './handler-run.ts'
import { ownHandlers } from './own-handlers.ts'
import { createLife, type ProcessLife } from './process-life.ts'
import { createProcessStore } from './process-store.ts'
import type { World } from './world.ts'

/** What a worker process is started for. */
export interface Job {
  readonly queue: string
  readonly options: QueueOptions
  /** All queues of the client under test, by name: messages start children there. */
  readonly others: ReadonlyMap<string, QueueOptions>
  readonly handlers: Handler | GivenHandlers
  readonly worker: WorkerOptions
  readonly logger: Logger
}

/** A place in which one worker process follows another: each time when one dies, the next is started with the same handlers. */
export interface Berth {
  /** The process that is alive. */
  readonly life: ProcessLife
  /** What the user's code sees: it outlives the processes. */
  readonly worker: Worker
  kill(): void
}

interface Running {
  readonly life: ProcessLife
  readonly worker: Worker
}

export function openBerth(world: World, job: Job, nextName: () => string, settled: () => Promise<unknown>): Berth {
  const listeners = new Set<(worker: Worker) => void>()
  let running = start()

  function start(): Running {
    const name = job.worker.name ?? nextName()
    const life = createLife(world, name, () => {
      running = start()
      for (const listen of listeners) listen(running.worker)
    })
    return { life, worker: startWorker(world, life, job) }
  }

  const worker: Worker = {
    get name() {
      return running.worker.name
    },
    ready: () => running.worker.ready(),
    stats: () => running.worker.stats(),
    on: <Name extends keyof QueueEvents>(name: Name, listener: (detail: QueueEvents[Name]) => void) => {
      let off = (): void => {}
      const listen = (next: Worker): void => {
        off = next.on(name, listener)
      }
      listeners.add(listen)
      listen(running.worker)
      return () => {
        listeners.delete(listen)
        off()
      }
    },
    async stop(options) {
      const stopped = running.worker.stop(options)
      await settled()
      await stopped
    },
  }

  return {
    worker,
    get life() {
      return running.life
    },
    kill: () => running.life.kill(),
  }
}

/** One that opens a queue of the client under test when a message starts children in it. */
class ProcessClient extends Redrive {
  readonly #others: ReadonlyMap<string, QueueOptions>

  constructor(options: RedriveOptions, others: ReadonlyMap<string, QueueOptions>) {
    super(options)
    this.#others = others
  }

  protected override opened(name: string): LocalQueue | undefined {
    const options = this.#others.get(name)
    if (options && !super.opened(name)) this.queue(name, options)
    return super.opened(name)
  }
}

/** Nothing is held ready: how much would depend on real time, and a test must come out alike each time. */
function startWorker(world: World, life: ProcessLife, job: Job): Worker {
  const { queue, options, others, handlers, worker, logger } = job
  const redrive = new ProcessClient({ store: createProcessStore(world, life), logger }, others)
  const all = typeof handlers === 'function' ? handlers : { ...handlers, ...ownHandlers(options, handlers) }
  const own: Queue = redrive.queue(queue, options)
  return own.work(watched(all, life), { prefetch: 0, ...worker, name: life.name })
}
