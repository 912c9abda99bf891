import { createMemoryStore, type MemoryStore } from '../../src/store/memory-store.ts'
import type { Berth } from './berth.ts'
import { chartNamed, CHARTS, teller, type Chart } from './charts.ts'
import { createDisk, type BreakDisk } from './disk.ts'
import { drawErrands } from './errands.ts'
import { eventLoop } from './event-loop.ts'
import { createExecutions, type Executions } from './executions.ts'
import type { FaultCounts } from './faults.ts'
import { judgeStep } from './judge-step.ts'
import { openFollower, openProducer, openWorker, type Followed, type Setting } from './roles.ts'
import { isDrained, judge, unseen } from './verdict.ts'
import { createWitness } from './witness.ts'
import { createWorld, serverClock, type World, type WorldOptions } from './world.ts'

export interface RunOptions extends WorldOptions {
  /** Another store, to see whether its faults are found. */
  readonly breakStore?: (store: MemoryStore, world: World) => MemoryStore
  /** Another disk, likewise. */
  readonly breakDisk?: BreakDisk
}

/** What became of a seed. */
export interface Report {
  readonly seed: number
  readonly violations: readonly string[]
  /** Of all that happened, in order. */
  readonly traceHash: string
  readonly steps: number
  /** Milliseconds of virtual time. */
  readonly time: number
  readonly messages: number
  readonly transitions: number
  readonly handlers: number
  readonly faults: FaultCounts
  /** Points at which a process could have died. */
  readonly crashPoints: number
}

/** How long there may be faults, in virtual milliseconds. */
const HORIZON = 30_000
/** Within this time of calm all must have come to its end. */
const PATIENCE = 600_000
/** A run takes one to five thousand steps. */
const MOST_STEPS = 15_000

export async function runSeed(options: RunOptions): Promise<Report> {
  const world = createWorld(options)
  const { scheduler } = world
  const giveBack = eventLoop.takeOver(() => scheduler.now)
  try {
    return await live(world, options)
  } finally {
    giveBack()
  }
}

async function live(world: World, { breakStore = (store) => store, breakDisk }: RunOptions): Promise<Report> {
  const { scheduler } = world
  const settings = drawSettings(world)
  const memory = breakStore(createMemoryStore({ clock: serverClock(world) }), world)
  const judging: { executions?: Executions } = {}
  const witness = createWitness(world, memory, (record, entry, now) =>
    judgeStep(world, judging.executions!, settings, record, entry, now),
  )
  const executions = createExecutions(world, witness.find, witness.alias)
  judging.executions = executions
  teller.tell = executions.acted
  const errands = drawErrands(
    world,
    settings.map(({ chart }) => chart),
    HORIZON * 0.6,
  )
  const followed = settings.map(({ chart }): Followed => ({ queue: chart.name, position: 'start', seen: new Set() }))
  const workers = Array.from({ length: Math.floor(world.between(1, 4)) }, (_, i) =>
    openWorker(world, witness.store, `worker${i}`, settings, executions),
  )
  // Every second producer has an outbox; where a broken disk is to be found, each.
  const disk = world.chance() < 0.5 || breakDisk ? createDisk(world, breakDisk) : undefined
  const producer = openProducer(world, witness.store, settings, errands, disk)
  const follower = world.chance() < 0.4 ? openFollower(world, witness.store, settings, followed) : undefined
  everySecond(world, workers)

  await scheduler.run(() => scheduler.steps > MOST_STEPS, HORIZON)
  world.calm()
  const isOver = (): boolean => (disk?.isEmpty ?? true) && isDrained(witness, errands)
  await scheduler.run(() => isOver() || scheduler.steps > MOST_STEPS, PATIENCE)
  if (!isOver()) world.violate(`not at an end after all: ${undone(witness.records.values())}`)
  if (follower) await scheduler.run(() => unseen(witness, followed).length === 0, 60_000)
  await close(world, [...workers, producer, ...(follower ? [follower] : [])])
  const outcome = { world, witness, executions, settings, errands, followed: follower ? followed : [] }
  await judge(outcome, memory)
  const transitions = [...witness.records.values()].reduce((sum, record) => sum + record.transitions.length, 0)
  return {
    seed: world.seed,
    violations: world.violations,
    traceHash: world.traceHash,
    steps: scheduler.steps,
    time: scheduler.now,
    messages: witness.records.size,
    transitions,
    handlers: executions.count,
    faults: world.counts,
    crashPoints: world.crashPoints,
  }
}

function drawSettings(world: World): Setting[] {
  const kinds = CHARTS.filter(() => world.chance() < 0.5)
  const chosen: readonly Chart[] = kinds.length > 0 ? kinds : [CHARTS[Math.floor(world.chance() * CHARTS.length)]!]
  const charts = chosen.flatMap((chart) => [chart, ...(chart.sendsTo === undefined ? [] : [chartNamed(chart.sendsTo)])])
  const keeps = world.chance() < 0.6
  return charts.map((chart) => ({
    chart,
    common: {
      lease: Math.floor(world.between(1500, 6000)),
      partitions: world.chance() < 0.3 ? 2 : 1,
      journal: Math.floor(world.between(1, 20)),
      ...(keeps ? {} : { retention: { succeeded: world.chance() < 0.6 ? 0 : 5000 } }),
    },
  }))
}

/** Those faults that befall all processes, or one that is chosen. */
function everySecond(world: World, workers: readonly Berth[]): void {
  let leaps = 0
  world.scheduler.schedule(1000, () => {
    if (world.strikes('outage')) world.awayUntil = world.scheduler.now + world.between(100, 15_000)
    if (leaps < 2 && world.strikes('leap')) {
      leaps++
      world.leap(Math.floor(world.between(1, 10_000)))
    }
    if (world.strikes('deploy')) workers[Math.floor(world.chance() * workers.length)]!.replace()
    if (world.scheduler.now < HORIZON) everySecond(world, workers)
  })
}

async function close(world: World, berths: readonly Berth[]): Promise<void> {
  for (const berth of berths) berth.close()
  await world.scheduler.run(() => berths.every(({ isClosed }) => isClosed), 60_000)
  if (berths.some(({ isClosed }) => !isClosed)) world.violate('a process did not end in an orderly way within a minute')
}

function undone(
  records: Iterable<{
    id: string
    gone: boolean
    state: string
    owner: string | undefined
    attention: number | undefined
  }>,
): string {
  const waiting = [...records].filter(({ gone, owner, attention }) => !gone && (owner ?? attention) !== undefined)
  return waiting.map(({ id, state }) => `${id} in ${state}`).join(', ') || 'a producer waits'
}
