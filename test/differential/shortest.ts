import * as fc from 'fast-check'
import { advance } from '../../src/engine/advance.ts'
import { shorterMoves } from '../engine/sequences.ts'
import { LENGTH } from './budget.ts'
import type { Ground } from './ground.ts'
import { playTogether, type Script } from './lockstep.ts'
import { Difference } from './play.ts'
import { createTally } from './tally.ts'

/**
 * Looks for the shortest sequence that shows a difference that a crowd came upon.
 * @throws the difference by that sequence; the one that was found first when no sequence shows it by itself.
 */
export async function shortest(ground: Ground, scripts: readonly Script[], found: unknown): Promise<never> {
  const name = found instanceof Difference ? found.part.name : undefined
  for (const { part, moves } of scripts.filter((script) => script.part.name === name)) {
    const alone = fc.asyncProperty(shorterMoves(LENGTH), (shorter) =>
      playTogether(ground.plot(), [{ part, moves: shorter }], createTally(), advance),
    )
    const outcome = await fc.check(alone, {
      examples: [[moves]],
      numRuns: 1,
      plugins: [fc.interruptAfterTimeLimit(8000)],
    })
    if (outcome.failed) throw outcome.errorInstance
  }
  throw found
}
