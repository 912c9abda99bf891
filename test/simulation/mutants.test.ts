import { expect, test } from '@jest/globals'
import { MUTANTS } from './mutants.ts'
import { runSeed } from './run-seed.ts'

/** Seeds that a fault may need to come to light. */
const SEEDS = 60

test.each(Object.entries(MUTANTS))('%s: is found', async (_, breakStore) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violations } = await runSeed({ seed, breakStore })
    if (violations.length > 0) return
  }
  expect(`nothing in ${SEEDS} seeds`).toBe('a violation')
})
