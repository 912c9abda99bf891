import { startPlayer } from './players.mjs'
import { COUNTS, FEWEST, PAYLOADS, TIMER_RATE, WARM_UP } from './workload.mjs'

/**
 * Where a scenario is played.
 * @typedef {object} Scene
 * @property {string} system
 * @property {string} [build] Folder of the build, of Redrive.
 * @property {number} scale
 * @property {string} [profile]
 * @property {Awaited<ReturnType<typeof import('./server.mjs').startServer>>} server Empty.
 */

/**
 * `play` resolves to figures by the name of their row; `peers` are those that do the same work.
 * @type {Record<string, { play: (scene: Scene) => Promise<Record<string, number>>, peers: readonly string[] }>}
 */
export const SCENARIOS = {
  throughput: { play: throughput, peers: ['bullmq'] },
  single: { play: single, peers: ['bullmq'] },
  latency: { play: latency, peers: ['bullmq'] },
  timers: { play: timers, peers: ['bullmq'] },
  retry: { play: retry, peers: ['bullmq'] },
  machines: { play: machines, peers: [] },
  payloads: { play: payloads, peers: ['bullmq'] },
}

/** The whole life of many messages: all are sent, then half of them are processed while the others wait. */
async function throughput(scene) {
  const [queued, processed] = [countOf('queued', scene), countOf('processed', scene)]
  const sending = perMessage(await solo(scene, { task: 'sendBulk', count: queued }), queued)
  const working = perMessage(await solo(scene, { task: 'process', count: processed }), processed)
  return {
    'enqueue-bulk': sending.perSecond,
    process: working.perSecond,
    'memory-queued': sending.memory,
    'redis-cpu': sending.redisCpu + working.redisCpu,
    'redis-cpu-enqueue': sending.redisCpu,
    'redis-cpu-process': working.redisCpu,
    'node-cpu-enqueue': sending.cpu,
    'node-cpu-process': working.cpu,
  }
}

function perMessage({ perSecond, redisCpu, cpu, memory }, count) {
  return { perSecond, redisCpu: redisCpu / count, cpu: cpu / count, memory: memory / count }
}

async function single(scene) {
  const { perSecond } = await solo(scene, { task: 'sendSingly', count: countOf('single', scene) })
  return { 'enqueue-single': perSecond }
}

async function latency(scene) {
  const { p50, p99 } = await duet(scene, 'sendSlowly', { count: countOf('latency', scene) })
  return { 'latency-p50': p50, 'latency-p99': p99 }
}

async function timers(scene) {
  const count = countOf('timers', scene)
  const window = (1000 * count) / TIMER_RATE
  // All are stored before the first is due.
  const { p99 } = await duet(scene, 'sendTimers', { count, window, lead: 1000 + window / 2 })
  return { 'timer-lateness-p99': p99 }
}

async function retry(scene) {
  const { perSecond, cpu } = await life(scene, 'retried', { task: 'retryTwice', kind: { backoff: 1 } })
  return { 'retry-twice': perSecond, 'node-cpu-retry-twice': cpu }
}

async function machines(scene) {
  const task = 'processMachine'
  const custom = await life(scene, 'custom', { task, kind: { machine: 'order' }, signals: ['APPROVE', 'PAY'] })
  await scene.server.flush()
  const nested = await life(scene, 'nested', { task, kind: { machine: 'parcel' } })
  return {
    'custom-machine': custom.perSecond,
    'nested-machine': nested.perSecond,
    'node-cpu-custom-machine': custom.cpu,
    'node-cpu-nested-machine': nested.cpu,
  }
}

/** CPU of all processes for the life of a message, by the size of its payload. */
async function payloads(scene) {
  const rows = {}
  for (const [name, [bytes, most]] of Object.entries(PAYLOADS)) {
    await scene.server.flush()
    const count = Math.max(FEWEST, Math.round(most * scene.scale))
    const sending = perMessage(await solo(scene, { task: 'sendBulk', count, bytes }), count)
    const working = perMessage(await solo(scene, { task: 'process', count }), count)
    const [send, work] = [sending, working].map(({ cpu, redisCpu }) => cpu + redisCpu)
    rows[`payload-${name}`] = send + work
    rows[`payload-${name}-send`] = send
    rows[`payload-${name}-process`] = work
    rows[`payload-${name}-memory`] = sending.memory
  }
  return rows
}

async function life(scene, what, job) {
  const count = countOf(what, scene)
  return perMessage(await solo(scene, { ...job, count }), count)
}

const countOf = (what, { scale }) => Math.max(FEWEST, Math.round(COUNTS[what] * scale))

const jobOf = ({ system, build, server, scale }, job) => ({
  ...job,
  system,
  build,
  socket: server.socket,
  warmUp: Math.max(FEWEST, Math.round(WARM_UP * Math.min(1, scale))),
})

/** One process, and what it costs the server. */
async function solo(scene, job) {
  const player = await startPlayer(jobOf(scene, job), profileOf(scene))
  const before = await scene.server.usage()
  const result = await player.play()
  const after = await scene.server.usage()
  await player.end()
  return { ...result, redisCpu: after.cpu - before.cpu, memory: after.memory - before.memory }
}

/** A process that sends and one that works. */
async function duet(scene, task, job) {
  const receiver = await startPlayer(jobOf(scene, { ...job, task: 'receive' }), profileOf(scene))
  const sender = await startPlayer(jobOf(scene, { ...job, task }), profileOf(scene))
  const [result] = await Promise.all([receiver.play(), sender.play()])
  await Promise.all([receiver.end(), sender.end()])
  return result
}

const profileOf = ({ system, profile }) => (system === 'redrive' ? profile : undefined)
