import { setTimeout as sleep } from 'node:timers/promises'

/** Messages a second, so that one sees them flow; a long run is pressed into `MAX_SECONDS`. */
const RATE = 30
const [MIN_SECONDS, MAX_SECONDS] = [3, 15]
const TICK_MS = 20

/**
 * Sends planned messages at an even pace.
 * @param {import('../../dist/src/index.js').Queue} queue
 * @param {readonly import('./plan.mjs').PlannedMessage[]} messages
 * @param {{ signal: AbortSignal, onSent: () => void }} options
 */
export async function sendEvenly(queue, messages, { signal, onSent }) {
  const duration = 1000 * Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, messages.length / RATE))
  const begun = performance.now()
  const sends = []
  while (sends.length < messages.length) {
    const due = Math.ceil((messages.length * (performance.now() - begun)) / duration)
    const started = messages.slice(sends.length, due).map((message) => send(queue, message).then(onSent))
    for (const promise of started) promise.catch(() => {}) // heard of at the end
    sends.push(...started)
    await sleep(TICK_MS, undefined, { signal })
  }
  await Promise.all(sends)
}

/** Goes on for ever, a message at a time. */
export async function sendForEver(queue, messages, { signal, onSent }) {
  for (const message of messages) {
    await sleep(1000 / RATE, undefined, { signal })
    onSent(message)
    await send(queue, message)
  }
}

const send = (queue, { id, event, payload }) => queue.send({ event, payload }, { id })
