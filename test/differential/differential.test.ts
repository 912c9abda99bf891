import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { advance } from '../../src/engine/advance.ts'
import { corpus } from './corpus/index.ts'
import { moves } from '../engine/sequences.ts'
import { openGround, type Ground } from './ground.ts'
import { playTogether } from './lockstep.ts'
import { createTally } from './tally.ts'

let ground: Ground
beforeAll(async () => {
  ground = await openGround()
})
afterAll(() => ground.close())

describe('existing', () => {
  test.each(corpus)('$name', async (part) => {
    const tally = createTally()
    await fc.assert(
      fc.asyncProperty(fc.array(moves(30), { minLength: 20, maxLength: 20 }), async (scripts) => {
        await playTogether(
          ground.plot(),
          scripts.map((moves) => ({ part, moves })),
          tally,
          advance,
        )
      }),
      { numRuns: 1, seed: 1, endOnFailure: true },
    )
    process.stderr.write(`${part.name}: ${tally.steps} steps, ${performance.now() | 0}\n`)
    expect(tally.steps).toBeGreaterThan(100)
  })
})
