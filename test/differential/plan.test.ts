import { afterAll, describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { createMachine, type AnyStateMachine } from 'xstate'
import { generatedCharts } from '../engine/charts/generated.ts'
import { moves } from '../engine/sequences.ts'
import { createPlanTally, playBeside, walkBeside, type PlanTally } from './beside.ts'
import { LENGTH, PATIENCE, SEED, STEPS } from './budget.ts'
import { doors, springs } from './corpus/corners.ts'
import { corpus } from './corpus/index.ts'
import { startsWell } from './play.ts'

// Nothing is stored here, so there is time to look at each call of the machine's code too. Machines that invoke others are taken for
// machines of one actor: the plan is not asked about them, and its steps are right all the same.

const TWO_OF_ONE_ID = 'two of its states invoke under one id'
const STRANGERS = 'other actors run than its state invokes'

const total = createPlanTally()

afterAll(() => {
  const { steps, planned } = total
  process.stderr.write(
    `plan: ${planned} of ${steps} steps taken by it, each compared with that of XState (seed ${SEED})\n`,
  )
})

/** An actor that is invoked under the id of another: XState takes the later for both. */
const twins = createMachine({
  id: 'twins',
  initial: 'a',
  states: {
    a: { on: { GO: 'b' } },
    b: {
      invoke: { id: 'work', src: 'work' },
      initial: 'x',
      states: { x: { on: { IN: 'y' } }, y: { invoke: { id: 'work', src: 'work' }, on: { OUT: 'x' } } },
      on: { GO: 'a' },
    },
  },
})

function add({ steps, planned, refused }: PlanTally): void {
  total.steps += steps
  total.planned += planned
  for (const [reason, times] of refused) total.refused.set(reason, (total.refused.get(reason) ?? 0) + times)
}

const sequencesFor = (steps: number): number => Math.ceil(steps / (0.7 * LENGTH))

describe('a planned step is the very step of XState', () => {
  const each = Math.max(2, Math.ceil(sequencesFor(STEPS * 0.75) / corpus.length))
  const sequences = fc.sample(moves(LENGTH), { numRuns: each * corpus.length, seed: SEED })

  test.each(corpus.map((part, i) => ({ part, i })))(
    'in $part.name',
    ({ part, i }) => {
      const tally = createPlanTally()
      for (const sequence of sequences.slice(i * each, (i + 1) * each)) playBeside(part, sequence, tally)
      add(tally)
      expect(tally.steps).toBeGreaterThan(10 * each)
    },
    PATIENCE,
  )

  test.each([
    { machine: doors, events: ['IN', 'UP', 'BED', 'END', 'ALL', 'SELF', 'OUT'], length: 3 },
    { machine: springs, events: ['ADD', 'ADD', 'GO', 'TURN'], length: 5 },
    { machine: twins, events: ['GO', 'IN', 'OUT'], length: 4 },
  ])('on every way through $machine.id', ({ machine, events, length }) => {
    const tally = createPlanTally()
    const sent = events.map((type, value) => ({ type, value: 4 - value }))
    walkBeside({ name: machine.id, machine: machine as AnyStateMachine }, sent, length, tally)
    add(tally)
    // All of these are the plan's, except where two actors have one name, or had one.
    expect([...tally.refused.keys()]).toEqual(machine === twins ? [TWO_OF_ONE_ID, STRANGERS] : [])
  })

  test(
    'in machines that nobody thought of',
    () => {
      const tally = createPlanTally()
      fc.assert(
        fc.property(generatedCharts, moves(LENGTH), (machine, sequence) => {
          const part = { name: 'drawn', machine }
          if (startsWell(part)) playBeside(part, sequence, tally)
        }),
        { numRuns: Math.max(100, sequencesFor(STEPS * 0.3)), seed: SEED },
      )
      add(tally)
    },
    PATIENCE,
  )
})

test('the plan takes its share of the steps, and tells why it left the others to XState', () => {
  expect(total.steps).toBeGreaterThanOrEqual(STEPS)
  expect(total.planned / total.steps).toBeGreaterThan(0.4)
  const reasons = [...total.refused.keys()].map((reason) => reason.replaceAll(/"[^"]*"/g, '"…"'))
  expect(KNOWN_REASONS).toEqual(expect.arrayContaining([...new Set(reasons)]))
})

const KNOWN_REASONS: readonly string[] = [
  TWO_OF_ONE_ID,
  'it has several targets',
  'it leads into several states at once',
  'it leads to "…", whose regions run in parallel',
  'it leads to the history state "…"',
  'it leaves "…", which has a history',
  'it uses sendTo()',
  'it uses spawnChild()',
  'it uses stopChild()',
  'its code spawns an actor',
  'its code throws',
  STRANGERS,
  'the regions of "…" run in parallel',
  'there is no end of it',
]
