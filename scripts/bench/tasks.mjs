import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from './statistics.mjs'
import { BULK, CALLERS, GAP, now, payload } from './workload.mjs'

/**
 * What one process does for a measurement. It gets ready, passes the gate, and only then the clock runs.
 * @typedef {{ queue: import('./systems/system.mjs').BenchQueue, count: number, window: number, lead: number }} Job
 * @typedef {(job: Job, gate: () => Promise<void>) => Promise<object>} Task
 */

/** @type {Record<string, Task>} */
export const TASKS = { sendBulk, sendSingly, process: processAll, receive, sendSlowly, sendTimers }

async function sendBulk({ queue, count }, gate) {
  await gate()
  const begun = now()
  for (let sent = 0; sent < count; sent += BULK) {
    const size = Math.min(BULK, count - sent)
    await queue.sendBulk(Array.from({ length: size }, () => ({ payload: payload() })))
  }
  return { perSecond: (1000 * count) / (now() - begun) }
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
