import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { advance } from '../../src/engine/advance.ts'
import { generatedCharts } from '../engine/charts/generated.ts'
import { moves, nodesOf } from '../engine/sequences.ts'
import { effortFor, LENGTH, SEED, STEPS } from './budget.ts'
import { corpus } from './corpus/index.ts'
import { openGround, type Ground } from './ground.ts'
import { playTogether } from './lockstep.ts'
import { startsWell, type Part } from './play.ts'
import { shortest } from './shortest.ts'
import { addTally, createTally } from './tally.ts'

// A live actor of XState on a simulated clock, and beside it a message that is in Redis, and nowhere else, between any two steps.
// Whatever happens to them, they stay alike: state, context, status, output, history, children, timers, and all that they tell.

let ground: Ground
const total = createTally()

beforeAll(async () => {
  ground = await openGround()
})
afterAll(async () => {
  await ground.close()
  const { steps, thrown, contended, endless } = total
  process.stderr.write(
    `differential: ${steps} steps compared on ${corpus.length} machines and generated ones (seed ${SEED}); ` +
      `${thrown} threw on both sides, ${contended} contended, ${endless} endless\n`,
  )
})

describe('a message in Redis is the very actor of XState', () => {
  const tally = createTally()
  const { crowds, crowd } = effortFor(STEPS * 0.75)
  const each = Math.ceil((crowds * crowd) / corpus.length)
  const sequences = fc.sample(moves(LENGTH), { numRuns: each * corpus.length, seed: SEED })
  // In turn, so that a crowd is of many machines.
  const scripts = sequences.map((sequence, i) => ({ part: corpus[i % corpus.length]!, moves: sequence }))

  test.each(Array.from({ length: crowds }, (_, i) => i + 1))(
    `in the machines by hand, crowd %i of ${crowds}`,
    async (i) => {
      const mine = scripts.slice((i - 1) * crowd, i === crowds ? undefined : i * crowd)
      await playTogether(ground.plot(), mine, tally, advance).catch((cause: unknown) => shortest(ground, mine, cause))
    },
  )

  test('and the sequences went nearly everywhere', () => {
    addTally(total, tally)
    const states = corpus.flatMap(({ machine }) => [...nodesOf(machine.root)].filter(({ type }) => type !== 'history'))
    // The rest are states in which no step ever ends.
    expect(tally.states.size / states.length).toBeGreaterThan(0.85)
  })
})

const KNOWN = { order: true, contention: true, timers: true }

test('in machines that nobody thought of', async () => {
  const tally = createTally()
  const script = fc.record({ machine: generatedCharts, moves: moves(LENGTH) })
  const { crowds: runs, crowd } = effortFor(STEPS * 0.4)
  const together = fc.array(script, { minLength: 1, maxLength: crowd, size: 'max' })
  const outcome = await fc.check(
    fc.asyncProperty(fc.noBias(together), async (scripts) => {
      const parts = scripts.map(({ machine, moves: each }) => ({
        part: { name: fc.stringify(machine), machine, known: KNOWN } satisfies Part,
        moves: each,
      }))
      await playTogether(
        ground.plot(),
        parts.filter(({ part }) => startsWell(part)),
        tally,
        advance,
      )
    }),
    { numRuns: 2 * runs, seed: SEED },
  )
  addTally(total, tally)
  if (outcome.failed) throw outcome.errorInstance
  expect(tally.steps).toBeGreaterThan(STEPS * 0.1)
})

test('for many thousand steps', () => expect(total.steps).toBeGreaterThanOrEqual(STEPS))
