import { addCounts, type FaultCounts } from './faults.ts'
import type { Report } from './run-seed.ts'

/** What many seeds came to. */
export interface Tally {
  seeds: number
  steps: number
  /** Milliseconds of virtual time. */
  time: number
  messages: number
  transitions: number
  handlers: number
  readonly faults: FaultCounts
  readonly failed: Pick<Report, 'seed' | 'violations'>[]
}

export const createTally = (): Tally => ({
  seeds: 0,
  steps: 0,
  time: 0,
  messages: 0,
  transitions: 0,
  handlers: 0,
  faults: {},
  failed: [],
})

export function add(tally: Tally, { seed, violations, faults, ...figures }: Report): void {
  tally.seeds++
  for (const name of ['steps', 'time', 'messages', 'transitions', 'handlers'] as const) tally[name] += figures[name]
  addCounts(tally.faults, faults)
  if (violations.length > 0) tally.failed.push({ seed, violations })
}

const count = (number: number): string => Math.round(number).toLocaleString('en')

/** The figures, for people. */
export function summary(tally: Tally, seconds: number): string {
  const { seeds, steps, time, messages, transitions, handlers, faults, failed } = tally
  const kinds = Object.entries(faults).toSorted(([, a], [, b]) => b - a)
  return [
    `${count(seeds)} seeds in ${seconds.toFixed(1)} s (${(seeds / seconds).toFixed(0)} a second), ${count(failed.length)} failed`,
    `${count(messages)} messages, ${count(transitions)} transitions, ${count(handlers)} handlers, ${count(steps)} steps in ${count(time / 3_600_000)} h of virtual time`,
    `faults: ${kinds.map(([kind, number]) => `${kind} ${count(number)}`).join(', ') || 'none'}`,
  ].join('\n')
}

/** A seed that failed, and how to see it again; `options` are those that it was run with. */
export function failure({ seed, violations }: Pick<Report, 'seed' | 'violations'>, options = ''): string {
  const again = `npm run simulate -- --seed ${seed} --trace${options}`
  return [`seed ${seed}:`, ...violations.map((text) => `  ${text}`), `  again: ${again}`].join('\n')
}
