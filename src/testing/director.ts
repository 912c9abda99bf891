import { RedriveError } from '../errors.ts'
import type { Partition } from '../store/store.ts'
import { DEFAULTS } from '../options.ts'
import type { Worker } from '../worker/worker.ts'
import { currentLife } from './handler-run.ts'
import { nextStop, overdue } from './next-stop.ts'
import type { ProcessLife } from './process-life.ts'
import { openBerth, type Berth, type Job } from './worker-process.ts'
import type { World } from './world.ts'

/** The message that took a turn. */
export interface TurnTaken {
  readonly queue: string
  readonly id: string
}

/** Lets the processes act, and moves the clock. */
export interface Director {
  work(job: Job): Worker
  drain(): Promise<void>
  runOne(): Promise<TurnTaken | undefined>
  /** Milliseconds. */
  advance(ms: number): Promise<void>
  readonly waiting: readonly TurnTaken[]
  end(): void
}

export function createDirector(world: World, patience: number): Director {
  const { timeline, turns, activity } = world
  const berths = new Set<Berth>()
  const partitions = new Map<string, Partition>()
  let count = 0
  let before: Promise<unknown> = Promise.resolve()

  const lives = (): ProcessLife[] => [...berths].map(({ life }) => life)

  /** One after the other, however they are called. */
  function exclusively<T>(action: () => Promise<T>): Promise<T> {
    if (currentLife()) {
      const why = 'a handler cannot let the workers run: they are running. Call it from the test itself.'
      return Promise.reject(new RedriveError('E_EXPECTATION', why))
    }
    const result = before.then(action)
    before = result.catch(() => {})
    return result
  }

  /** Lets everything run until it is quiet, or does nothing but wait. */
  async function settle(): Promise<void> {
    const endless = (): boolean => turns.endless !== undefined
    for (const life of lives()) life.rouse()
    await activity.quiet(endless)
    while (!endless() && lives().some(({ busy }) => busy)) {
      if (!(await activity.next(patience))) return lives().forEach((life) => life.giveUp())
      await activity.quiet(endless)
    }
    if (endless()) throw giveUp(turns.endless)
  }

  function giveUp(message = ''): RedriveError {
    for (const berth of berths) berth.kill()
    const why = `there is no end to it: ${message} is due again after each step, while the clock stands still.`
    return new RedriveError('E_EXPECTATION', `${why} All workers were ended.`)
  }

  const drain = (): Promise<void> =>
    turns.during(Infinity, undefined, async () => {
      do await settle()
      while (timeline.fireDue() > 0)
    })

  async function runOne(): Promise<TurnTaken | undefined> {
    const first = await overdue(world, partitions.values())
    if (!first) return undefined
    await turns.during(1, first.partition, settle)
    return { queue: first.partition.queue, id: first.id }
  }

  async function advance(ms: number): Promise<void> {
    const end = timeline.now() + ms
    await drain()
    for (;;) {
      const stops = [await nextStop(world, partitions.values(), lives()), timeline.next(director)]
      const stop = Math.min(...stops.flatMap((each) => each ?? []))
      if (stop > end) break
      timeline.moveTo(stop)
      await drain()
    }
    timeline.moveTo(end)
    await drain()
  }

  const director: Director = {
    work(job) {
      const berth = openBerth(world, job, () => `worker-${++count}`, director.drain)
      berths.add(berth)
      for (let index = 0; index < (job.options.partitions ?? DEFAULTS.partitions); index++)
        partitions.set(`${job.queue}:${index}`, { queue: job.queue, index })
      return berth.worker
    },
    drain: () => exclusively(drain),
    runOne: () => exclusively(runOne),
    advance: (ms) => exclusively(() => advance(ms)),
    get waiting() {
      return lives().flatMap(({ waiting }) => waiting.map(({ queue, id }) => ({ queue, id })))
    },
    end() {
      for (const berth of berths) berth.kill()
    },
  }
  return director
}
