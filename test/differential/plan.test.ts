import { afterAll, describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { generatedCharts } from '../engine/charts/generated.ts'
import { moves } from '../engine/sequences.ts'
import { createPlanTally, playBeside } from './beside.ts'
import { LENGTH, SEED, STEPS } from './budget.ts'
import { corpus } from './corpus/index.ts'
import { startsWell } from './play.ts'

const total = createPlanTally()

afterAll(() => {
  const { steps, planned, refused } = total
  const reasons = [...refused].toSorted(([, a], [, b]) => b - a).map(([reason, times]) => `${times} × ${reason}`)
  process.stderr.write(`plan: ${planned} of ${steps} steps planned; left to XState:\n  ${reasons.join('\n  ')}\n`)
})

describe('a planned step is the very step of XState', () => {
  const sequences = fc.sample(moves(LENGTH), { numRuns: Math.ceil(STEPS / LENGTH), seed: SEED })
  test.each(corpus)('in $name', (part) => {
    sequences.forEach((sequence, i) => {
      if (i % 1 === 0) playBeside(part, sequence, total)
    })
  })

  test('in machines that nobody thought of', () => {
    fc.assert(
      fc.property(generatedCharts, moves(LENGTH), (machine, sequence) => {
        if (startsWell({ name: 'drawn', machine })) playBeside({ name: 'drawn', machine }, sequence, total)
      }),
      { numRuns: 500, seed: SEED },
    )
  })
  test('x', () => expect(1).toBe(1))
})
