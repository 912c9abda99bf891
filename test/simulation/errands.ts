import type { Queue } from '../../src/client/queue.ts'
import { hasCode } from '../../src/errors.ts'
import type { EventData } from '../../src/message.ts'
import type { Chart } from './charts.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { World } from './world.ts'

/** What is asked for one message. It outlives the producer's process, as a row in its database would. */
export interface Errand {
  readonly chart: Chart
  readonly id: string
  readonly at: number
  readonly delay: number
  readonly tasks: readonly Task[]
  /** Tasks that are begun. */
  begun: number
  /** Nothing is left to do. */
  over: boolean
  sent: 'no' | 'unknown' | 'acknowledged'
  /** When it was sent first, and when its producer heard that it is on the disk: places in the order of all that happened. */
  sentAt?: number
  spooledAt?: number
  readonly told: Telling[]
  readonly results: { value?: unknown; code?: string }[]
}

type Task =
  | { readonly do: 'signal'; readonly event: EventData; readonly eventId?: string; readonly pause: number }
  | { readonly do: 'result' }

/** An event that was given to a client. */
export interface Telling {
  readonly event: EventData
  readonly eventId?: string | undefined
  /** Process and client that it was given to. */
  readonly by: string
  answer?: string
}

/** How often something is tried that was not answered. */
const TRIES = 4

export function drawErrands(world: World, charts: readonly Chart[], horizon: number): Errand[] {
  const count = Math.floor(world.between(3, 12))
  return Array.from({ length: count }, (_, i): Errand => {
    const chart = charts[Math.floor(world.chance() * charts.length)]!
    const delay = chart.name === 'mail' && world.chance() < 0.4 ? Math.floor(world.between(1, 6000)) : 0
    const tasks = drawTasks(world, chart)
    const at = world.between(0, horizon)
    return {
      chart,
      id: `${chart.name[0]}${i}`,
      at,
      delay,
      tasks,
      begun: 0,
      over: false,
      sent: 'no',
      told: [],
      results: [],
    }
  })
}

function drawTasks(world: World, chart: Chart): Task[] {
  const tasks: Task[] = []
  const notes = chart.takesNotes ? Math.floor(world.between(0, 7)) : 0
  for (let n = 0; n < notes; n++) {
    const eventId = world.chance() < 0.4 ? { eventId: `note-${n}` } : {}
    // Several at once, or one by one.
    const pause = world.chance() < 0.5 ? 0 : world.between(0, 4000)
    tasks.push({ do: 'signal', event: { type: 'NOTE', n }, pause, ...eventId })
  }
  for (const type of chart.events) {
    if (world.chance() < 0.2) {
      const task: Task = { do: 'signal', event: { type }, pause: world.between(0, 5000) }
      tasks.splice(Math.floor(world.chance() * (tasks.length + 1)), 0, task)
    }
  }
  if (world.chance() < 0.2) tasks.push({ do: 'result' })
  return tasks
}

/** Goes on with an errand where the process before has left it. `sendsAgain`: an unanswered send may be repeated. */
export async function run(
  world: World,
  process: SimulatedProcess,
  queue: Queue,
  errand: Errand,
  sendsAgain: boolean,
): Promise<void> {
  await process.sleep(Math.max(0, errand.at - world.scheduler.now))
  if (errand.sent === 'acknowledged' || (await send(world, process, queue, errand, sendsAgain)))
    await perform(world, process, queue, errand)
  errand.over = true
}

async function perform(world: World, process: SimulatedProcess, queue: Queue, errand: Errand): Promise<void> {
  while (errand.begun < errand.tasks.length) {
    const task = errand.tasks[errand.begun++]!
    if (task.do === 'result') await result(queue, errand)
    else {
      if (task.pause > 0) await process.sleep(task.pause)
      const telling = tell(world, process, queue, errand, task)
      if (task.eventId !== undefined || world.chance() < 0.3) await telling
    }
  }
}

async function send(
  world: World,
  process: SimulatedProcess,
  queue: Queue,
  errand: Errand,
  sendsAgain: boolean,
): Promise<boolean> {
  if (errand.sent === 'unknown' && !sendsAgain) return false
  for (let i = 0; i < (sendsAgain ? TRIES : 1); i++) {
    try {
      errand.sent = 'unknown'
      errand.sentAt ??= world.tick()
      const { status } = await queue.send(
        { letter: errand.id },
        { id: errand.id, ...(errand.delay ? { delay: errand.delay } : {}) },
      )
      errand.sent = 'acknowledged'
      if (status === 'spooled') errand.spooledAt = world.tick()
      world.trace(`${process.name} hears that ${errand.id} is ${status}`)
      return true
    } catch (error) {
      expectAway(world, `send of ${errand.id}`, error)
      await process.sleep(world.between(10, 2000))
    }
  }
  return false
}

async function tell(
  world: World,
  process: SimulatedProcess,
  queue: Queue,
  { id, told }: Errand,
  { event, eventId }: Extract<Task, { do: 'signal' }>,
): Promise<void> {
  for (let i = 0; i < (eventId === undefined ? 1 : TRIES); i++) {
    const telling: Telling = { event, eventId, by: process.name }
    told.push(telling)
    try {
      const { status } = await queue.signal(id, event, eventId === undefined ? {} : { eventId })
      telling.answer = status
      world.trace(`${process.name} hears that an event of ${id} is ${status}`)
      // Some are not sure that they have heard, and tell it again.
      if (eventId === undefined || world.chance() < 0.7) return
    } catch (error) {
      if (hasCode(error, 'E_NOT_FOUND')) telling.answer = 'missing'
      else expectAway(world, `signal to ${id}`, error)
      if (telling.answer) return
      await process.sleep(world.between(10, 2000))
    }
  }
}

async function result(queue: Queue, { id, results }: Errand): Promise<void> {
  try {
    results.push({ value: await queue.result(id, { timeout: '20s' }) })
  } catch (error) {
    results.push({ code: String((error as { code?: unknown }).code) })
  }
}

function expectAway(world: World, what: string, error: unknown): void {
  if (!hasCode(error, 'E_REDIS_UNAVAILABLE') && !hasCode(error, 'E_CLOSED'))
    world.violate(`a ${what} failed with ${String(error)}`)
}
