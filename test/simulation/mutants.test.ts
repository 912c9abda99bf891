import { expect, test } from '@jest/globals'
import { breaking, MUTANT_NAMES } from './mutants.ts'
import { runSeed } from './run-seed.ts'

/** Seeds that a fault may need to come to light. */
const SEEDS = 1500

test.each(MUTANT_NAMES)('%s: is found', async (name) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violations } = await runSeed({ seed, ...breaking(name) })
    if (violations.length > 0) return
  }
  expect(`nothing in ${SEEDS} seeds`).toBe('a violation')
})
