import { startPlayer } from './players.mjs'
import { COUNTS, FEWEST, TIMER_RATE, WARM_UP } from './workload.mjs'

/**
 * Where a scenario is played.
 * @typedef {object} Scene
 * @property {string} system
 * @property {number} scale
 * @property {string} [profile]
 * @property {Awaited<ReturnType<typeof import('./server.mjs').startServer>>} server Empty.
 */

/**
 * Each resolves to figures by the name of their row.
 * @type {Record<string, (scene: Scene) => Promise<Record<string, number>>>}
 */
export const SCENARIOS = { throughput, single, latency, timers }

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

const countOf = (what, { scale }) => Math.max(FEWEST, Math.round(COUNTS[what] * scale))

const jobOf = ({ system, server, scale }, job) => ({
  ...job,
  system,
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
