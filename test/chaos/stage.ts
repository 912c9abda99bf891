import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { countLive, readQueue, redisNow } from './audit.ts'
import { dice, shuffled } from './chance.ts'
import { check } from './checker.ts'
import { startPlayer, type Player } from './children.ts'
import type { Facts, Report } from './facts.ts'
import { FAULTS, type FaultName, type StageName } from './faults.ts'
import { readRecords } from './record-file.ts'
import { sentinelScene, singleScene, type Scene } from './scene.ts'
import { eventually } from './server.ts'
import { QUEUES } from './workload.ts'

export interface StageOptions {
  readonly name: StageName
  readonly seed: number
  readonly messages: number
  readonly faults: readonly FaultName[]
  /** How often each fault is to happen. */
  readonly times: number
  readonly directory: string
  readonly workers: number
  readonly producers: number
  /** Milliseconds without progress after which it is not going to end. */
  readonly patience: number
  progress(text: string): void
}

export interface StageReport extends Report {
  readonly faults: ReadonlyMap<FaultName, number>
  /** Processes that ended though nobody ended them, and whatever else is wrong with the run itself. */
  readonly crashes: readonly string[]
}

const COMMAND_TIMEOUT = 1500
/** So many messages may be on their way when the next fault begins: it is to befall work, not only what waits. */
const BACKLOG = 1000

/** Plays messages and faults on one set of servers, waits until all is through, and judges what is left. */
export async function playStage(options: StageOptions): Promise<StageReport> {
  const crashes: string[] = []
  const scene = await openScene(options)
  const players: Player[] = []
  try {
    const { workers, producers, grant } = await startPlayers(options, scene, players, crashes)
    const random = dice(options.seed, options.name, 'faults')
    const faults = await playFaults(options, { scene, workers, producers, random }, grant)
    if (!(await finished(scene, producers, options))) crashes.push('it did not come to rest')
    await Promise.all(players.splice(0).map((player) => player.stop()))
    options.progress(`${options.name}: reading what is left`)
    const report = check(await gather(options, scene))
    return { ...report, faults, crashes }
  } finally {
    await Promise.all(players.map((player) => player.stop()))
    await scene.stop()
  }
}

function openScene({ name, directory }: StageOptions): Promise<Scene> {
  if (name === 'sentinel') return sentinelScene(directory)
  return singleScene({ directory, fsync: name === 'always' ? 'always' : 'everysec', fakeClock: name === 'clock' })
}

async function startPlayers(options: StageOptions, scene: Scene, players: Player[], crashes: string[]) {
  const crashed = (why: string): void => void crashes.push(why)
  const place = (name: string) => ({ name, records: join(options.directory, `${name}.records`) })
  const play = async (
    name: string,
    script: 'worker-process' | 'producer-process',
    job: object,
    ready?: (player: Player) => void,
  ) => {
    const log = join(options.directory, `${name}.log`)
    const redis = script === 'worker-process' ? scene.addresses.worker : scene.addresses.producer
    const player = await startPlayer({
      name,
      script,
      log,
      crashed,
      job: { redis, commandTimeout: COMMAND_TIMEOUT, ...place(name), ...job },
      ...(ready ? { ready } : {}),
    })
    players.push(player)
    return player
  }
  let granted = 0
  const share = Math.ceil(options.messages / options.producers)
  const tell = (player: Player): void => player.send({ release: Math.ceil(granted * share) })
  const workers = await Promise.all(
    Array.from({ length: options.workers }, (_, i) => play(`w${i + 1}`, 'worker-process', {})),
  )
  const producers = await Promise.all(
    Array.from({ length: options.producers }, (_, i) => {
      const count = Math.floor((options.messages - i + options.producers - 1) / options.producers)
      // Of two senders with a promise to keep one, so that there is something to take back.
      const confirmed = options.name === 'sentinel' && i % 2 === 0
      const job = { seed: options.seed, first: i, step: options.producers, count, confirmed }
      return play(`p${i + 1}`, 'producer-process', job, tell)
    }),
  )
  return {
    workers,
    producers,
    /** Lets this part of all messages be sent, from 0 to 1. */
    grant(part: number): void {
      granted = part
      producers.forEach(tell)
    },
  }
}

/** Some messages are let go before each fault, and some while it happens, so that it befalls them at every place of their way. */
async function playFaults(
  { name, seed, faults, times, progress }: StageOptions,
  cast: Parameters<(typeof FAULTS)[FaultName]['run']>[0],
  grant: (part: number) => void,
): Promise<Map<FaultName, number>> {
  const counts = new Map<FaultName, number>(faults.map((fault) => [fault, 0]))
  const rounds = Array.from({ length: times }, (_, i) => shuffled(faults, dice(seed, name, 'order', i)))
  const script = rounds.flat()
  for (const [i, fault] of script.entries()) {
    grant((i + 0.5) / (script.length + 1))
    await sleep(50 + 250 * cast.random())
    progress(`${name}: ${fault} (${i + 1} of ${script.length})`)
    const happened = FAULTS[fault].run(cast)
    grant((i + 1) / (script.length + 1))
    counts.set(fault, counts.get(fault)! + (await happened))
    await eventually(async () => (await countLive(cast.scene.redis(), QUEUES))[0] < BACKLOG, 10_000)
  }
  if (name === 'clock') cast.scene.primary().setClock(0)
  grant(1)
  return counts
}

/** All sent, and nothing due any more; or no progress for long. */
async function finished(
  scene: Scene,
  producers: readonly Player[],
  { progress, name, patience }: StageOptions,
): Promise<boolean> {
  let unsent = producers.length
  for (const { done } of producers) void done.then(() => unsent--)
  let last = ''
  let since = performance.now()
  for (;;) {
    const [live, steps] = await countLive(scene.redis(), QUEUES)
    if (unsent === 0 && live === 0) return true
    if (`${unsent} ${live} ${steps}` !== last) [last, since] = [`${unsent} ${live} ${steps}`, performance.now()]
    if (performance.now() - since > patience) return false
    progress(`${name}: ${live} on their way${unsent > 0 ? ', more are sent' : ''}`)
    await sleep(200)
  }
}

async function gather({ seed, name, directory, workers, producers }: StageOptions, scene: Scene): Promise<Facts> {
  const queues: Facts['queues'] = new Map(
    await Promise.all(QUEUES.map(async (queue) => [queue, await readQueue(scene.redis(), queue)] as const)),
  )
  const names = [
    ...Array.from({ length: workers }, (_, i) => `w${i + 1}`),
    ...Array.from({ length: producers }, (_, i) => `p${i + 1}`),
  ]
  return {
    seed,
    queues,
    now: await redisNow(scene.redis()),
    records: names.flatMap((each) => readRecords(join(directory, `${each}.records`))),
    setBack: name === 'clock' ? scene.primary().setBack : undefined,
    promised: name === 'sentinel' ? 'confirmed' : 'answered',
  }
}
