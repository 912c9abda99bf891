import { createHash } from 'node:crypto'
import type { Clock } from '../../src/clock.ts'
import { createChance } from '../../src/testing/timeline.ts'
import { drawRates, NO_FAULTS, type Fault, type FaultCounts, type FaultRates } from './faults.ts'
import { createScheduler, type Scheduler } from './scheduler.ts'

/** What one seed makes, and all that its processes share. */
export interface World {
  readonly seed: number
  readonly scheduler: Scheduler
  /** Uniform in [0, 1). All chance of a run comes from here. */
  chance(): number
  /** Uniform in [from, to). */
  between(from: number, to: number): number
  /** Whether a fault is to happen now; if so it is counted. */
  strikes(fault: keyof FaultRates): boolean
  count(fault: Fault): void
  readonly counts: FaultCounts
  /** Faults come to an end, so that all that is under way can. */
  calm(): void
  /** The clock of the server: milliseconds since 1970, whole. */
  serverNow(): number
  /** Sets it forward. */
  leap(ms: number): void
  /** Until when nobody reaches the server. */
  awayUntil: number
  /** Points at which a process could have died so far; see `crashAt`. */
  crashPoints: number
  /** A number that only grows, to tell what came before what. */
  tick(): number
  /** Tells what happened. Equal traces are equal runs. */
  trace(line: string): void
  readonly traceHash: string
  readonly violations: string[]
  violate(rule: string): void
}

export interface WorldOptions {
  readonly seed: number
  /** No faults but a single crash, at the nth point at which a process goes on. */
  readonly crashAt?: number
  /** Is told each line of the trace. */
  readonly tell?: ((line: string) => void) | undefined
}

export const START = Date.UTC(2030, 0, 1)

export function createWorld({ seed, crashAt, tell }: WorldOptions): World {
  const chance = createChance(seed * 7919 + 13)
  const scheduler = createScheduler(chance)
  const lines: string[] = []
  const counts: FaultCounts = {}
  const violations: string[] = []
  let rates: FaultRates = crashAt === undefined ? drawRates(chance) : NO_FAULTS
  let leapt = 0
  let ticks = 0

  function trace(line: string): void {
    const text = `${scheduler.now.toFixed(3)} ${line}`
    lines.push(text)
    tell?.(text)
  }

  const world: World = {
    seed,
    scheduler,
    chance,
    counts,
    violations,
    trace,
    tick: () => ++ticks,
    awayUntil: 0,
    crashPoints: 0,
    between: (from, to) => from + chance() * (to - from),
    strikes(fault) {
      if (fault === 'crash' && ++world.crashPoints === crashAt) return counted(fault)
      return rates[fault] > 0 && chance() < rates[fault] && counted(fault)
    },
    count: (fault) => void counted(fault),
    calm() {
      rates = NO_FAULTS
      world.awayUntil = 0
      trace('calm')
    },
    serverNow: () => Math.floor(START + scheduler.now + leapt),
    leap(ms) {
      leapt += ms
      trace(`leap ${ms}`)
    },
    get traceHash() {
      return createHash('sha1').update(lines.join('\n')).digest('hex')
    },
    violate(rule) {
      if (violations.length < 20) violations.push(`${scheduler.now.toFixed(0)} ms: ${rule}`)
      trace(`VIOLATION ${rule}`)
    },
  }

  function counted(fault: Fault): true {
    counts[fault] = (counts[fault] ?? 0) + 1
    return true
  }

  return world
}

/** The clock of the server, for the store. */
export const serverClock = ({ serverNow, chance, scheduler }: World): Clock => ({
  now: serverNow,
  random: chance,
  after: (ms, callback) => scheduler.schedule(ms, callback),
})
