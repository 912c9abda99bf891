/** What a worker tells of itself every two seconds. */
export interface WorkerReport {
  readonly name: string
  readonly queue: string
  readonly host: string
  readonly pid: number
  /** References of the versions of the machine that it has the code of, the current one last; absent in reports of older releases. */
  readonly machines?: readonly string[]
  /** Milliseconds since 1970 by the clock of Redis. */
  readonly startedAt: number
  readonly seenAt: number
  readonly concurrency: number
  /** Messages whose handlers run. */
  readonly active: number
  /** Messages claimed and held ready. */
  readonly prefetched: number
  /** Messages claimed per second, over the last two or so. */
  readonly claimsPerSecond: number
  /** Messages let go since the start. */
  readonly processed: number
  /** How late due messages were claimed, in milliseconds; the quantiles over the last 1,024 of them. */
  readonly lag: { readonly p50: number; readonly p99: number; readonly max: number }
  /** Messages that it has, at most twenty. */
  readonly holds: readonly { readonly id: string; readonly state: string; readonly leaseUntil: number }[]
}

/** How often a worker reports, and after which silence it is taken for gone, in milliseconds. */
export const REPORT_EVERY = 2000
const SILENCE = 10_000

export interface Roster {
  readonly present: readonly WorkerReport[]
  /** Names of those that have been silent for too long. */
  readonly gone: readonly string[]
}

/** Puts the reports of a queue's workers together, by name; one that cannot be read is of nobody. */
export function readRoster(reports: ReadonlyMap<string, string>, now: number): Roster {
  const present: WorkerReport[] = []
  const gone: string[] = []
  for (const [name, text] of reports) {
    const report = parse(text)
    if (report && now - report.seenAt <= SILENCE) present.push(report)
    else gone.push(name)
  }
  return { present: present.toSorted((a, b) => (a.name < b.name ? -1 : 1)), gone }
}

function parse(text: string): WorkerReport | undefined {
  try {
    return JSON.parse(text) as WorkerReport
  } catch {
    return undefined
  }
}
