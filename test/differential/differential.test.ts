import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { advance } from '../../src/engine/advance.ts'
import { moves, nodesOf } from '../engine/sequences.ts'
import { effortFor, LENGTH, PATIENCE, SEED, STEPS } from './budget.ts'
import { tallyByPlan } from './by-plan.ts'
import { corpus } from './corpus/index.ts'
import { openGround, type Ground } from './ground.ts'
import { drawnScripts, shortestDrawn } from './drawn.ts'
import { playTogether } from './lockstep.ts'
import { startsWell, type Part } from './play.ts'
import { shortest } from './shortest.ts'
import { addTally, createTally } from './tally.ts'

// A live actor of XState on a simulated clock, and beside it a message that is in Redis, and nowhere else, between any two steps.
// Whatever happens to them, they stay alike: state, context, status, output, history, children, timers, and all that they tell; no
// matter whether XState takes the steps of the message, or the plan of its machine.

let ground: Ground
const total = createTally()

beforeAll(async () => {
  ground = await openGround()
})
afterAll(async () => {
  await ground.close()
  const { steps, thrown, contended, endless } = total
  const { planned } = tallyByPlan
  process.stderr.write(
    `differential: ${steps} steps compared on ${corpus.length} machines and generated ones (seed ${SEED}); ` +
      `${planned} of them by a plan; ${thrown} threw on both sides, ${contended} contended, ${endless} endless\n`,
  )
})

describe('a message in Redis is the very actor of XState', () => {
  const tally = createTally()
  const { crowds, crowd } = effortFor(STEPS * 0.75)
  const each = Math.ceil((crowds * crowd) / corpus.length)
  const sequences = fc.sample(moves(LENGTH), { numRuns: each * corpus.length, seed: SEED })
  // In turn, so that a crowd is of many machines; and each machine by the plan in one turn, by XState in the next.
  const planned = corpus.map((part): Part => ({ ...part, by: 'plan' }))
  const turns = [...planned, ...corpus]
  const scripts = sequences.map((sequence, i) => ({ part: turns[i % turns.length]!, moves: sequence }))

  test.each(Array.from({ length: crowds }, (_, i) => i + 1))(
    `in the machines by hand, crowd %i of ${crowds}`,
    async (i) => {
      const mine = scripts.slice((i - 1) * crowd, i === crowds ? undefined : i * crowd)
      const before = tally.steps
      await playTogether(ground.plot(), mine, tally, advance).catch((cause: unknown) => shortest(ground, mine, cause))
      expect(tally.steps - before).toBeGreaterThan(10 * mine.length)
    },
    PATIENCE,
  )

  test('and the sequences went nearly everywhere', () => {
    addTally(total, tally)
    const states = corpus.flatMap(({ machine }) => [...nodesOf(machine.root)].filter(({ type }) => type !== 'history'))
    // The rest are states in which no step ever ends.
    expect(tally.states.size / states.length).toBeGreaterThan(0.75)
  })
})

describe('and so it is in machines that nobody thought of', () => {
  const { crowds, crowd } = effortFor(STEPS * 0.4)

  test.each(Array.from({ length: crowds }, (_, i) => SEED + i))(
    'drawn by %i',
    async (seed) => {
      const tally = createTally()
      const scripts = fc.sample(drawnScripts, { numRuns: crowd, seed }).filter(({ part }) => startsWell(part))
      await playTogether(ground.plot(), scripts, tally, advance).catch((cause: unknown) =>
        shortestDrawn(ground, { seed, numRuns: crowd }, cause),
      )
      addTally(total, tally)
      expect(tally.steps).toBeGreaterThan(5 * crowd)
    },
    PATIENCE,
  )
})

test('for many thousand steps', () => {
  expect(total.steps).toBeGreaterThanOrEqual(STEPS)
  expect(tallyByPlan.planned).toBeGreaterThan(STEPS / 10)
})
