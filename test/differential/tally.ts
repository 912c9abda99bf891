/** What was compared, and what the sequences came upon. */
export interface Tally {
  steps: number
  /** Steps in which the machine threw, on both sides. */
  thrown: number
  /** Messages put aside where XState goes on in a state that nobody could come back to. */
  contended: number
  /** Plays given up because their machine sets timers of no delay without end. */
  endless: number
  readonly states: Set<string>
}

export const createTally = (): Tally => ({ steps: 0, thrown: 0, contended: 0, endless: 0, states: new Set() })

export function addTally(sum: Tally, { steps, thrown, contended, endless, states }: Tally): void {
  sum.steps += steps
  sum.thrown += thrown
  sum.contended += contended
  sum.endless += endless
  for (const state of states) sum.states.add(state)
}
