/** How late due messages were claimed, in milliseconds. A claim is never early, so no value is negative. */
export interface Lag {
  record(ms: number): void
  read(): LagReading
}

export interface LagReading {
  /** Messages claimed since the start. */
  readonly count: number
  readonly last: number
  readonly mean: number
  readonly max: number
  /** Over the last 1,024 claims. */
  readonly p50: number
  readonly p99: number
}

const WINDOW = 1024

export function createLag(): Lag {
  const recent = new Float64Array(WINDOW)
  let count = 0
  let sum = 0
  let max = 0
  let last = 0
  return {
    record(ms) {
      last = Math.max(0, ms)
      recent[count++ % WINDOW] = last
      sum += last
      max = Math.max(max, last)
    },
    read() {
      const sorted = recent.slice(0, Math.min(count, WINDOW)).toSorted()
      const quantile = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
      return { count, last, mean: count === 0 ? 0 : sum / count, max, p50: quantile(0.5), p99: quantile(0.99) }
    },
  }
}
