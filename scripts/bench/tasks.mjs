import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from './statistics.mjs'
import { BULK, BULK_BYTES, CALLERS, GAP, now, payload } from './workload.mjs'

/**
 * What one process does for a measurement. It gets ready, passes the gate, and only then the clock runs.
 * @typedef {{ queue: import('./systems/system.mjs').BenchQueue, count: number, window: number, lead: number, delayed?: boolean, prefix?: string, signals?: string[] }} Job
 * @typedef {(job: Job, gate: () => Promise<void>) => Promise<object>} Task
 */

/** @type {Record<string, Task>} */
export const TASKS = {
  warm,
  sendBulk,
  sendSingly,
  process: processAll,
  retryTwice,
  processMachine,
  receive,
  sendSlowly,
  sendTimers,
}

const done = async () => {}

/** Compiles what will run, scripts in Redis included; each process sends and works here what it will send or work on later. */
async function warm({ queue, count, delayed }, gate) {
  if (delayed) await queue.sendBulk(Array.from({ length: count }, () => ({ payload: payload(), delay: 1 })))
  else await sendAll(queue, count)
  await queue.send(payload())
  return finished({ queue, count }, gate, done)
}

async function sendBulk({ queue, count, bytes }, gate) {
  await gate()
  const begun = now()
  await sendAll(queue, count, undefined, bytes)
  return { perSecond: (1000 * count) / (now() - begun) }
}

async function sendAll(queue, count, prefix, bytes) {
  const most = bytes > BULK_BYTES / BULK ? Math.ceil(BULK_BYTES / bytes) : BULK
  for (let sent = 0; sent < count; sent += most) {
    const size = Math.min(most, count - sent)
    const idOf = (i) => (prefix === undefined ? {} : { id: `${prefix}${sent + i}` })
    await queue.sendBulk(Array.from({ length: size }, (_, i) => ({ payload: payload(0, bytes), ...idOf(i) })))
  }
}

/** Works until so many are done, from the first call of a handler on. */
async function finished({ queue, count }, gate, handler, meanwhile = async () => {}) {
  await gate()
  let done = 0
  let begun = 0
  let complete = () => {}
  const all = new Promise((resolve) => (complete = resolve))
  const timed = (payload, attempt) => {
    begun ||= now()
    return handler(payload, attempt)
  }
  const stop = await queue.work(timed, () => ++done === count && complete())
  await meanwhile()
  await all
  const perSecond = (1000 * count) / (now() - begun)
  await stop()
  return { perSecond }
}

/** Each message fails twice, and then succeeds. */
async function retryTwice({ queue, count }, gate) {
  await sendAll(queue, count)
  return finished({ queue, count }, gate, async (_, attempt) => {
    if (attempt < 3) throw new Error('not yet')
  })
}

/** The life of a machine of one's own, with the signals that it waits for. */
async function processMachine({ queue, count, prefix = 'm', signals = [] }, gate) {
  await sendAll(queue, count, prefix)
  let next = 0
  const caller = async () => {
    while (next < count) {
      const id = `${prefix}${next++}`
      for (const type of signals) await queue.signal(id, { type, by: 'ada' })
    }
  }
  const callers = async () => {
    await Promise.all(Array.from({ length: signals.length > 0 ? CALLERS : 0 }, caller))
  }
  return finished({ queue, count }, gate, done, callers)
}

async function sendSingly({ queue, count }, gate) {
  await gate()
  const begun = now()
  let started = 0
  const caller = async () => {
    while (started++ < count) await queue.send(payload())
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  return { perSecond: (1000 * count) / (now() - begun) }
}

/** From the first to the last message that is done, so that neither system's start counts. */
async function processAll({ queue, count }, gate) {
  await gate()
  let done = 0
  let first = 0
  return new Promise((resolve, reject) => {
    const onDone = () => {
      done++
      if (done === 1) first = now()
      if (done === count) resolve({ perSecond: (1000 * (count - 1)) / (now() - first) })
    }
    queue.work(async () => {}, onDone).catch(reject)
  })
}

/** How long after the instant in its payload each message reaches the handler. */
async function receive({ queue, count }, gate) {
  const late = []
  let complete = () => {}
  const all = new Promise((resolve) => (complete = resolve))
  const handler = async ({ at }) => {
    late.push(now() - at)
    if (late.length === count) complete()
  }
  await queue.work(handler, () => {})
  await gate()
  await all
  return { p50: quantile(late, 0.5), p99: quantile(late, 0.99) }
}

/** Gaps of random length, so that no timer of a system can fall into step with them. */
async function sendSlowly({ queue, count }, gate) {
  await gate()
  for (let sent = 0; sent < count; sent++) {
    await queue.send(payload(now()))
    await sleep(GAP / 2 + Math.random() * GAP)
  }
  return {}
}

/** Evenly spread over the window. What counts is the instant that the caller wants, not what a system makes of it. */
async function sendTimers({ queue, count, window, lead }, gate) {
  await gate()
  const begun = now() + lead
  for (let sent = 0; sent < count; sent += 100) {
    const asked = now()
    const messages = Array.from({ length: Math.min(100, count - sent) }, (_, i) => {
      const delay = Math.max(1, Math.round(begun + (window * (sent + i)) / count - asked))
      return { payload: payload(asked + delay), delay }
    })
    await queue.sendBulk(messages)
  }
  return {}
}
