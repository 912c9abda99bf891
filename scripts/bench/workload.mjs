/** What both systems are given. Whoever changes a number here changes the figures of the guide. */
export const CONCURRENCY = 100
export const ATTEMPTS = 5
/** Milliseconds; doubled with each attempt. No handler of the benchmark fails, but the policy is stored and read. */
export const BACKOFF = 1000
/** Bytes of a payload as JSON, where nothing else is said. */
const PAYLOAD_BYTES = 129

/** Messages of one `sendBulk` or `addBulk`. */
export const BULK = 1000
/** Bytes of one, where its payloads are large. */
export const BULK_BYTES = 2 * 1024 * 1024
/** Callers that send one message after the other, all at the same time. */
export const CALLERS = 100
/** Messages that warm a process up, in a queue of their own. */
export const WARM_UP = 2000

/** Messages of each measurement at scale 1. */
export const COUNTS = {
  queued: 100_000,
  processed: 50_000,
  single: 50_000,
  latency: 500,
  timers: 10_000,
  retried: 20_000,
  custom: 20_000,
  nested: 10_000,
}
/** Bytes of payloads, by the name of their row, and messages of each. */
export const PAYLOADS = { 100: [100, 20_000], '1k': [1024, 20_000], '10k': [10_240, 5000], '100k': [102_400, 1000] }
/** A percentile of fewer means nothing, not even in a quick run. */
export const FEWEST = 20

/** Mean milliseconds between two messages at low load. */
export const GAP = 10
/** Timers due in a second. */
export const TIMER_RATE = 2000

const bare = { at: 0, event: 'order.created', customer: 'ada@example.com', amount: 4200, note: '' }

/** A payload of so many bytes that carries an instant, of `now()`. */
export function payload(at = 0, bytes = PAYLOAD_BYTES) {
  const rounded = Math.round(at * 1000) / 1000
  const room = bytes - JSON.stringify({ ...bare, at: rounded }).length
  return { ...bare, at: rounded, note: 'x'.repeat(room) }
}

/** Milliseconds by a clock that all processes of a machine share. */
export const now = () => Number(process.hrtime.bigint()) / 1e6
