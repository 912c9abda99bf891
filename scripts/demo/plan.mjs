import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'

// The package is JSON.
const require = createRequire(import.meta.url)

/**
 * How the receiver treats one delivery.
 * @typedef {{ type: 'status', status: number, retryAfter?: number } | { type: 'hang' } | { type: 'reset' }} Answer
 *
 * @typedef {object} PlannedMessage
 * @property {string} id
 * @property {string} event Name of the GitHub event.
 * @property {object} payload
 * @property {string} digest Of the payload's JSON: what arrives must be what was sent.
 * @property {Answer[]} answers To the first delivery, the second, …; the last one for ever.
 * @property {number} latency Milliseconds until a status is answered.
 */

const status = (code, rest = {}) => ({ type: 'status', status: code, ...rest })
const OK = status(200)

/** From 20 messages of the plan, so many have this fate. A deck, not dice: even a short run shows every kind of failure. */
const DECK = [
  ...Array.from({ length: 13 }, () => always(OK)),
  ...Array.from({ length: 2 }, () => atFirst(3, () => status(500))),
  ...Array.from({ length: 2 }, () => atFirst(2, (random) => status(429, { retryAfter: random.integer(0, 1) }))),
  atFirst(2, () => ({ type: 'hang' })),
  atFirst(2, () => ({ type: 'reset' })),
  (random, round) => [status(round % 2 === 0 ? 400 : 500)],
]

function always(answer) {
  return () => [answer]
}

/** Fails once to `most` times, then accepts. */
function atFirst(most, failure) {
  return (random) => [...Array.from({ length: random.integer(1, most) }, () => failure(random)), OK]
}

/**
 * What is sent and what it meets, without an end. The same seed gives the same plan.
 * @param {number} seed
 * @returns {Generator<PlannedMessage>}
 */
export function* plan(seed) {
  const random = seeded(seed)
  const examples = random.shuffled(webhookExamples())
  for (let round = 0, n = 0; ; round++) {
    for (const fate of random.shuffled(DECK)) {
      const { event, payload } = examples[n % examples.length]
      yield {
        id: `${String(++n).padStart(4, '0')}-${event}`,
        event,
        payload,
        digest: digestOf(JSON.stringify(payload)),
        answers: fate(random, round),
        latency: random.integer(20, 150),
      }
    }
  }
}

export const digestOf = (text) => createHash('sha256').update(text).digest('base64url')

function webhookExamples() {
  const events = require('@octokit/webhooks-examples')
  return events.flatMap(({ name, examples }) => examples.map((payload) => ({ event: name, payload })))
}

/** mulberry32: small, and the same everywhere. */
function seeded(seed) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    integer: (min, max) => min + Math.floor(next() * (max - min + 1)),
    shuffled: (items) =>
      items
        .map((item) => ({ item, order: next() }))
        .toSorted((a, b) => a.order - b.order)
        .map(({ item }) => item),
  }
}
