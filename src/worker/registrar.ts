import { hostname } from 'node:os'
import { REPORT_EVERY, type WorkerReport } from '../engine/roster.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import { repeat } from '../timer/repeat.ts'

/** Tells Redis every two seconds what a worker does, for those who look on, and which versions it knows, for workers that do not. */
export interface Registrar {
  start(): void
  /** Takes the worker off the list. */
  stop(): void
}

export interface RegistrarOptions {
  readonly name: string
  readonly concurrency: number
  /** Messages claimed since the start. */
  claimed(): number
  stats(): Pick<WorkerReport, 'active' | 'prefetched' | 'processed' | 'lag'>
  /** What it has in its hands. */
  holds(): Iterable<WorkerReport['holds'][number]>
}

/** Messages told of, at most. */
const HOLDS = 20

export function createRegistrar(queue: QueueRuntime, options: RegistrarOptions): Registrar {
  const host = hostname()
  let startedAt: number | undefined
  let last = { at: 0, claimed: 0 }
  let end = (): void => {}

  function report(): WorkerReport {
    const now = queue.clock.now()
    startedAt ??= now
    const claimed = options.claimed()
    const seconds = (now - last.at) / 1000
    const claimsPerSecond = last.at === 0 || seconds <= 0 ? 0 : Math.round((claimed - last.claimed) / seconds)
    last = { at: now, claimed }
    const { active, prefetched, processed, lag } = options.stats()
    return {
      name: options.name,
      queue: queue.name,
      host,
      pid: process.pid,
      machines: queue.versions.machines.map(({ ref }) => ref),
      startedAt,
      seenAt: now,
      concurrency: options.concurrency,
      active,
      prefetched,
      claimsPerSecond,
      processed,
      lag: { p50: Math.round(lag.p50), p99: Math.round(lag.p99), max: Math.round(lag.max) },
      holds: [...first(options.holds(), HOLDS)].map(({ id, state, leaseUntil }) => ({ id, state, leaseUntil })),
    }
  }

  // Redis being away is told by the claims.
  const tell = (): Promise<void> =>
    queue.store.report(queue.name, options.name, JSON.stringify(report())).catch(() => {})

  return {
    start() {
      void tell()
      end = repeat(queue.clock, () => REPORT_EVERY, tell)
    },
    stop() {
      end()
      queue.store.report(queue.name, options.name, undefined).catch(() => {})
    },
  }
}

function* first<T>(items: Iterable<T>, count: number): Generator<T> {
  let left = count
  for (const item of items) {
    if (left-- === 0) return
    yield item
  }
}
