import * as fc from 'fast-check'
import { advance } from '../../src/engine/advance.ts'
import { generatedCharts } from '../engine/charts/generated.ts'
import { moves } from '../engine/sequences.ts'
import { LENGTH } from './budget.ts'
import type { Ground } from './ground.ts'
import { playTogether, type Script } from './lockstep.ts'
import { startsWell } from './play.ts'
import { createTally } from './tally.ts'

/** Regions of a machine that is drawn by lot contend, and its timers share ids. */
const known = { order: true, contention: true, timers: true }

/** A machine of any shape, who takes its steps, and what happens to it. */
export const drawnScripts: fc.Arbitrary<Script> = fc.noBias(
  fc
    .record({ machine: generatedCharts, moves: moves(LENGTH), by: fc.constantFrom('xstate', 'plan') })
    .map(({ machine, moves: sequence, by }) => ({
      part: { name: fc.stringify(machine), machine, known, by },
      moves: sequence,
    })),
)

/**
 * Looks for the smallest machine and the shortest sequence that show a difference that a crowd came upon.
 * @throws that difference; the one that was found first when no machine shows it by itself.
 */
export async function shortestDrawn(
  ground: Ground,
  draw: { readonly seed: number; readonly numRuns: number },
  found: unknown,
): Promise<never> {
  const alone = fc.asyncProperty(drawnScripts, async (script) => {
    if (startsWell(script.part)) await playTogether(ground.plot(), [script], createTally(), advance)
  })
  const outcome = await fc.check(alone, { ...draw, plugins: [fc.interruptAfterTimeLimit(15_000)] })
  throw outcome.failed ? outcome.errorInstance : found
}
