const { DIFFERENTIAL_STEPS = '3000', DIFFERENTIAL_SEED = '20261123' } = process.env

/** Steps to be compared in all; `npm run test:differential` asks for many more. */
export const STEPS = Number(DIFFERENTIAL_STEPS)
export const SEED = Number(DIFFERENTIAL_SEED)

/** Moves of one sequence, at most; half as many at least. */
export const LENGTH = 30
/** Messages that go in lockstep, at most. */
const CROWD = 80

/** Milliseconds that one crowd may take on a machine that is busy with other tests; it is some seconds. */
export const PATIENCE = 180_000

export interface Effort {
  readonly crowds: number
  readonly crowd: number
}

/** How many sequences it takes for so many steps. */
export function effortFor(steps: number): Effort {
  const sequences = Math.ceil(steps / (0.7 * LENGTH))
  const crowds = Math.ceil(sequences / CROWD)
  return { crowds, crowd: Math.ceil(sequences / crowds) }
}
