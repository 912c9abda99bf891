/** How quickly one place of a worker works messages off. */
export interface Throughput {
  /** A message was in the hands of this worker for so many milliseconds. */
  record(ms: number): void
  count(): number
  /** How many messages one place works off in `ms`, at most `limit`; a few before anything is known. */
  worth(ms: number, limit: number): number
}

/** Weight of the newest measurement in the moving average. */
const WEIGHT = 0.1

export function createThroughput(): Throughput {
  let average: number | undefined
  let count = 0
  return {
    record(ms) {
      count++
      average = average === undefined ? ms : average + (ms - average) * WEIGHT
    },
    count: () => count,
    worth: (ms, limit) =>
      average === undefined ? Math.min(4, limit) : Math.min(limit, Math.floor(ms / Math.max(average, 0.01))),
  }
}
