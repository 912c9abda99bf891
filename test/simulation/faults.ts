/** What can go wrong, and how often. Rates are per occasion. */
export interface FaultRates {
  /** A process dies before it goes on after an await. */
  readonly crash: number
  /** A process stands still for longer than a lease, then goes on. */
  readonly freeze: number
  /** A connection breaks before a command arrives. */
  readonly cutBefore: number
  /** A connection breaks after a command was carried out, before its reply: the driver sends it again. */
  readonly cutAfter: number
  /** The server refuses a command. */
  readonly refuse: number
  /** A command or a reply takes up to three seconds. */
  readonly delay: number
  /** An announcement does not arrive. */
  readonly silence: number
  /** Per second: nobody reaches the server, for up to 15 s. */
  readonly outage: number
  /** Per second: the clock of the server is set forward, by up to 10 s. */
  readonly leap: number
  /** Per second: a worker is stopped in an orderly way, and another started. */
  readonly deploy: number
}

export type Fault = keyof FaultRates | 'duplicate' | 'deadline'

export const NO_FAULTS: FaultRates = Object.freeze({
  crash: 0,
  freeze: 0,
  cutBefore: 0,
  cutAfter: 0,
  refuse: 0,
  delay: 0,
  silence: 0,
  outage: 0,
  leap: 0,
  deploy: 0,
})

const HIGHEST: FaultRates = {
  crash: 0.02,
  freeze: 0.005,
  cutBefore: 0.03,
  cutAfter: 0.12,
  refuse: 0.05,
  delay: 0.05,
  silence: 0.5,
  outage: 0.06,
  leap: 0.05,
  deploy: 0.06,
}

/**
 * Each seed has some of the faults and not others, and each of them more or less often: one that is always there hides what only
 * comes to light without it ("swarm testing", Groce et al. 2012).
 */
export function drawRates(chance: () => number): FaultRates {
  const draw = (fault: keyof FaultRates): number => (chance() < 0.5 ? 0 : HIGHEST[fault] * chance())
  const names = Object.keys(HIGHEST) as (keyof FaultRates)[]
  return Object.fromEntries(names.map((fault) => [fault, draw(fault)])) as Record<keyof FaultRates, number>
}

/** How often each fault happened. */
export type FaultCounts = Partial<Record<Fault, number>>

export function addCounts(sum: FaultCounts, more: FaultCounts): void {
  for (const [fault, count] of Object.entries(more)) sum[fault as Fault] = (sum[fault as Fault] ?? 0) + count
}
