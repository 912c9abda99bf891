import { expect } from '@jest/globals'
import * as fc from 'fast-check'

/** Cases of a long run, over all suites; without it each property takes its small sample. */
const CASES = Number(process.env['FUZZ_CASES'] ?? 0)
/** A long run draws anew; a sample is always the same, so that a commit does not fail for what an earlier one did. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 0) || (CASES > 0 ? Date.now() % 2 ** 31 : 20_261_128)

export interface Portion {
  /** Cases within the ordinary tests. */
  readonly sample: number
  /** Part of all the cases of a long run, from 0 to 1. */
  readonly share: number
  /** How many of the cases one run takes at once; a failing run is shrunk to the ones that matter. Default 1. */
  readonly batch?: number
}

/** Draws the cases and runs them; says at a failure what to do to see it again. */
export async function attack<T>(property: fc.IAsyncProperty<T>, portion: Portion): Promise<'held'> {
  const { sample, share, batch = 1 } = portion
  const name = expect.getState().currentTestName ?? ''
  const path = process.env['FUZZ_PATH']
  const numRuns = Math.max(1, Math.ceil((CASES > 0 ? CASES * share : sample) / batch))
  const run = await fc.check(property, { seed: SEED, numRuns, ...(path === undefined ? {} : { path }) })
  if (CASES > 0) process.stderr.write(`fuzz: ${run.numRuns * batch} cases, seed ${run.seed}: ${name}\n`)
  if (!run.failed) return 'held'
  const again = `FUZZ_SEED=${run.seed} FUZZ_PATH=${run.counterexamplePath ?? ''} npm run fuzz -- -t ${JSON.stringify(name)}`
  throw new Error(`${await fc.asyncDefaultReportMessage(run)}\n\nTo see it again: ${again}`, {
    cause: run.errorInstance,
  })
}

/** Time for a long run, in milliseconds. */
export const LONG = 3_600_000

/** Fails when something bent the prototypes of all objects, and mends them, so that only the one who did it fails. */
export function checkPrototypes(): void {
  const before = ['polluted', 'admin']
  const found = before.filter((key) => key in {} || key in [] || key in (() => {}))
  for (const key of found) Reflect.deleteProperty(Object.prototype, key)
  expect(found).toEqual([])
  expect(Object.keys(Object.prototype)).toEqual([])
}
