import { setTimeout as sleep } from 'node:timers/promises'
import type { Player } from './children.ts'
import type { FaultyProxy } from './proxy.ts'
import type { Scene } from './scene.ts'
import { LEASE } from './workload.ts'

export interface Cast {
  readonly scene: Scene
  readonly workers: readonly Player[]
  readonly producers: readonly Player[]
  /** A number in [0, 1). */
  random(): number
}

/** Makes a fault happen, waits until it is over, and tells how often it really happened. */
type Fault = (cast: Cast) => Promise<number>

export type StageName = 'everysec' | 'always' | 'clock' | 'sentinel'

const pick = <T>(items: readonly T[], random: () => number): T => items[Math.floor(random() * items.length)]!

const killOne =
  (who: 'workers' | 'producers'): Fault =>
  async (cast) => {
    await pick(cast[who], cast.random).kill()
    return 1
  }

/** Longer than a lease, so that others take its messages over before it goes on. */
const stopWorker: Fault = async ({ workers, random }) => {
  const worker = pick(workers, random)
  worker.signal('SIGSTOP')
  await sleep(LEASE + 700)
  worker.signal('SIGCONT')
  return 1
}

/** Befalls all connections, as one fault or as many. */
const onNetwork =
  (befall: (proxy: FaultyProxy) => number | Promise<number>, count: 'once' | 'each' = 'once'): Fault =>
  async ({ scene }) => {
    const all = await Promise.all(scene.proxies().map(async (proxy) => befall(proxy)))
    const sum = all.reduce((total, each) => total + each, 0)
    return count === 'each' ? sum : Math.min(sum, 1)
  }

const crashRedis: Fault = async ({ scene, random }) => {
  await scene.primary().kill()
  await sleep(200 * random())
  await scene.primary().start()
  return 1
}

/** A foreign script that takes about a second; other clients are told BUSY from 100 ms on. */
const busy: Fault = async ({ scene }) => {
  const begun = performance.now()
  await scene.redis().eval('local x = 0 for i = 1, 60000000 do x = x + i end return x', 0)
  return performance.now() - begun > 200 ? 1 : 0
}

/** A replica of nobody: it refuses writes and keeps its data. */
const readOnly: Fault = async ({ scene }) => {
  await scene.redis().replicaof('127.0.0.1', 1)
  await sleep(800)
  await scene.redis().replicaof('NO', 'ONE')
  return 1
}

const outOfMemory: Fault = async ({ scene }) => {
  await scene.redis().config('SET', 'maxmemory', '1')
  await sleep(800)
  await scene.redis().config('SET', 'maxmemory', '0')
  return 1
}

const fullDisk: Fault = async ({ scene }) => {
  const refused = async (): Promise<boolean> =>
    (await scene.redis().info('persistence')).includes('aof_last_write_status:err')
  scene.primary().fillDisk(true)
  let happened = false
  for (let i = 0; i < 50 && !happened; i++) {
    await sleep(50)
    happened = await refused()
  }
  await sleep(500)
  scene.primary().fillDisk(false)
  return happened ? 1 : 0
}

const killClients: Fault = async ({ scene }) => {
  const kill = async (type: string): Promise<number> =>
    Number(await scene.redis().call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes'))
  return (await kill('normal')) + (await kill('pubsub')) > 0 ? 1 : 0
}

/** As an eviction would, or an operator who means well. */
const loseLocks: Fault = async ({ scene }) => {
  let lost = 0
  for (let turn = 0; turn < 20; turn++) {
    let cursor = '0'
    do {
      const [next, found] = await scene.redis().scan(cursor, 'MATCH', 'rd:{*}:l:*', 'COUNT', 1000)
      if (found.length > 0) lost += await scene.redis().del(...found)
      cursor = next
    } while (cursor !== '0')
    await sleep(20)
  }
  return lost > 0 ? 1 : 0
}

/** The wall clocks of all workers, now before and now behind that of Redis by up to an hour. */
const setWorkerClocks: Fault = async ({ workers, random }) => {
  for (const worker of workers) worker.send({ shift: Math.floor((random() - 0.5) * 7_200_000) })
  await sleep(400)
  for (const worker of workers) worker.send({ shift: 0 })
  return 1
}

/** Seconds only: what was set before waits for so long when the clock is set back. */
const setServerClock: Fault = async ({ scene, random }) => {
  const before = Date.now() - (await clockOf(scene))
  scene.primary().setClock(Math.floor((random() - 0.5) * 6000))
  await sleep(300)
  const moved = Math.abs(Date.now() - (await clockOf(scene)) - before) > 100
  await sleep(1200)
  return moved ? 1 : 0
}

async function clockOf(scene: Scene): Promise<number> {
  const [seconds, micros] = await scene.redis().time()
  return Number(seconds) * 1000 + Number(micros) / 1000
}

const failOver: Fault = async ({ scene }) => ((await scene.failOver(150)) ? 1 : 0)
const orderFailOver: Fault = async ({ scene }) => ((await scene.orderFailOver(150)) ? 1 : 0)

/** Every fault by its name in `--faults`, and the stages that it can happen in. */
export const FAULTS = {
  'worker-kill': { in: ['everysec', 'always', 'clock', 'sentinel'], run: killOne('workers') },
  'producer-kill': { in: ['everysec', 'always', 'sentinel'], run: killOne('producers') },
  'worker-stop': { in: ['everysec', 'clock'], run: stopWorker },
  'redis-kill': { in: ['everysec'], run: crashRedis },
  'redis-kill-always': { in: ['always'], run: crashRedis },
  cut: { in: ['everysec', 'always'], run: onNetwork((proxy) => proxy.cut()) },
  'cut-reply': { in: ['everysec', 'always', 'clock'], run: onNetwork((proxy) => proxy.cutReplies(2), 'each') },
  'cut-request': { in: ['everysec', 'always'], run: onNetwork((proxy) => proxy.cutRequests(2), 'each') },
  delay: { in: ['everysec'], run: onNetwork((proxy) => proxy.delay(120, 1000)) },
  'black-hole': { in: ['everysec'], run: onNetwork((proxy) => proxy.blackHole(2200)) },
  'half-open': { in: ['everysec'], run: onNetwork((proxy) => proxy.halfOpen()) },
  'script-flush': { in: ['everysec'], run: async ({ scene }) => (await scene.redis().script('FLUSH'), 1) },
  busy: { in: ['everysec'], run: busy },
  'read-only': { in: ['everysec'], run: readOnly },
  'out-of-memory': { in: ['everysec'], run: outOfMemory },
  'full-disk': { in: ['everysec'], run: fullDisk },
  'client-kill': { in: ['everysec', 'always'], run: killClients },
  'lock-loss': { in: ['everysec'], run: loseLocks },
  'worker-clock': { in: ['everysec', 'clock'], run: setWorkerClocks },
  'server-clock': { in: ['clock'], run: setServerClock },
  failover: { in: ['sentinel'], run: failOver },
  'failover-ordered': { in: ['sentinel'], run: orderFailOver },
} as const satisfies Record<string, { readonly in: readonly StageName[]; readonly run: Fault }>

export type FaultName = keyof typeof FAULTS
export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[]
