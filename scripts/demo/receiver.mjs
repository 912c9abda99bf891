import { once } from 'node:events'
import { createServer } from 'node:http'
import { digestOf } from './plan.mjs'

/**
 * One delivery as the receiver saw it.
 * @typedef {object} Delivery
 * @property {number} number Position in the log, from 1.
 * @property {string} id Message that it claims to be.
 * @property {string} worker
 * @property {string} digest Of the body that arrived.
 * @property {string} outcome `open` at first, then a status, `hang` or `reset`, or `cut` when the caller left before its answer.
 */

/** A web server on a free port of this machine that answers as planned, and writes down what it did. */
export async function startReceiver() {
  /** @type {Map<string, import('./plan.mjs').PlannedMessage>} */
  const planned = new Map()
  /** @type {Delivery[]} */
  const log = []
  const seen = new Map()
  let deliveries = 0
  let memory = Infinity
  const open = new Set()
  let onArrival = () => {}

  const server = createServer((request, response) => {
    void receive(request, response).catch(() => request.destroy())
  })

  async function receive(request, response) {
    const body = await text(request)
    const delivery = note(request, body)
    open.add(delivery)
    response.once('close', () => {
      open.delete(delivery)
      if (delivery.outcome === 'open') delivery.outcome = 'cut'
    })
    onArrival(delivery)
    const message = planned.get(delivery.id)
    const nth = seen.get(delivery.id) ?? 0
    seen.set(delivery.id, nth + 1)
    answer(message?.answers[Math.min(nth, message.answers.length - 1)], message?.latency, delivery, response)
  }

  function note(request, body) {
    const { 'x-github-delivery': id = '', 'x-worker': worker = '' } = request.headers
    const delivery = { number: ++deliveries, id, worker, digest: digestOf(body), outcome: 'open' }
    log.push(delivery)
    if (log.length > memory) log.shift()
    return delivery
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}/webhooks`,
    log,
    /** @param {import('./plan.mjs').PlannedMessage} message */
    expect(message) {
      planned.set(message.id, message)
      if (planned.size <= memory) return
      const [oldest] = planned.keys()
      planned.delete(oldest)
      seen.delete(oldest)
    },
    /** Deliveries of a worker that have no answer yet. */
    inFlight: (worker) => [...open].filter((delivery) => delivery.worker === worker).length,
    onArrival: (listener) => (onArrival = listener),
    /** Remembers only so many messages and deliveries from here on: one may leave the demo running for days. */
    remember(limit) {
      memory = limit
      log.splice(0, log.length - limit)
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function answer(planned, latency, delivery, response) {
  if (planned?.type === 'hang') delivery.outcome = 'hang'
  else if (planned?.type === 'reset') {
    delivery.outcome = 'reset'
    response.socket.resetAndDestroy()
  } else setTimeout(() => respond(planned ?? { status: 404 }, delivery, response), latency ?? 0)
}

function respond({ status, retryAfter }, delivery, response) {
  if (delivery.outcome !== 'open') return
  delivery.outcome = String(status)
  response.writeHead(status, {
    'x-delivery': delivery.number,
    ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
  })
  response.end()
}

async function text(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
