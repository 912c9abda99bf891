import { encodeTransition } from '../../../dist/src/events/transition-text.js'
import { createKeys } from '../../../dist/src/store/keys.js'

const PREFIX = 'rd'
const EVERY = 20
const CAP = 10_000
/** Transitions of one commit. */
const BATCH = 50

const WAY = [
  ['init', null, 'pending', []],
  ['after deliver', 'pending', 'processing', []],
  ['error handler', 'processing', 'retrying', ['retrying']],
  ['after backoff', 'retrying', 'processing', []],
  ['done handler', 'processing', 'succeeded', ['succeeded', 'settled']],
]

/** Announces transitions as commits do, so many a second; this machine has no room for workers that make them. */
export function startFlood(redis, perSecond) {
  const feed = createKeys(PREFIX).events({ queue: 'bench', index: 0 })
  const begun = performance.now()
  let told = 0
  let last = Promise.resolve()
  const tell = () => {
    const due = ((performance.now() - begun) / 1000) * perSecond
    while (told < due) {
      const texts = Array.from({ length: BATCH }, () => transition(told++))
      last = redis.xadd(feed, 'MAXLEN', '~', CAP, '*', 't', `[${texts.join(',')}]`, 'at', Date.now())
    }
  }
  const timer = setInterval(tell, EVERY)
  return {
    async stop() {
      clearInterval(timer)
      const ms = performance.now() - begun
      await last
      return { perSecond: Math.round((1000 * told) / ms) }
    },
  }
}

function transition(n) {
  const [event, from, to, tags] = WAY[n % WAY.length]
  const status = to === 'succeeded' ? 'done' : 'active'
  return encodeTransition({
    id: `message-${Math.floor(n / WAY.length)}`,
    revision: n % WAY.length,
    event,
    from,
    to,
    worker: 'bench-1',
    tags,
    status,
    emitted: [],
  })
}
