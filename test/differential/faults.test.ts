import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { advance, type Advanced } from '../../src/engine/advance.ts'
import { FIELD } from '../../src/engine/snapshot.ts'
import type { CommitEntry } from '../../src/store/store.ts'
import { moves } from '../engine/sequences.ts'
import { LENGTH } from './budget.ts'
import { corpus } from './corpus/index.ts'
import { openGround, type Ground } from './ground.ts'
import { playTogether, type Script } from './lockstep.ts'
import type { Advance } from './step.ts'
import { createTally } from './tally.ts'

// A comparison that finds nothing is worth something only when it would have found something.

let ground: Ground
beforeAll(async () => {
  ground = await openGround()
})
afterAll(() => ground.close())

const sequences = fc.sample(moves(LENGTH), { numRuns: corpus.length, seed: 7 })

/** One sequence for each machine by hand whose name is among those given. */
const scriptsOf = (names: readonly string[]): Script[] =>
  corpus.flatMap((part, i) => (names.includes(part.name) ? [{ part, moves: sequences[i]! }] : []))

/** An engine that writes something else than the real one. */
const writes =
  (change: (entry: CommitEntry) => Partial<CommitEntry>): Advance =>
  (...args) => {
    const advanced: Advanced = advance(...args)
    return { ...advanced, entry: { ...advanced.entry, ...change(advanced.entry) } }
  }

const without = (letter: string): Advance =>
  writes(({ changes }) => ({ changes: changes.filter(({ field }) => !field.startsWith(letter)) }))

const forgetsHistory: Advance = (message, ...rest) =>
  advance({ ...message, snapshot: Object.assign({ ...message.snapshot }, { historyValue: {} }) }, ...rest)

const faults: readonly { fault: string; engine: Advance; seen: string; machines: readonly string[] }[] = [
  {
    fault: 'forgets a timer',
    engine: writes(({ setTimers }) => ({ setTimers: setTimers.slice(1) })),
    seen: 'state',
    machines: ['layers', 'traffic'],
  },
  {
    fault: 'keeps a timer that was cancelled',
    engine: writes(() => ({ clearTimers: [] })),
    seen: 'state',
    machines: ['layers', 'traffic'],
  },
  {
    fault: 'makes each delay a millisecond longer',
    engine: writes(({ setTimers }) => ({
      setTimers: setTimers.map((timer) => ({ ...timer, delay: timer.delay + 1 })),
    })),
    seen: 'state',
    machines: ['stopwatch'],
  },
  { fault: 'forgets where it was', engine: forgetsHistory, seen: 'state', machines: ['deep', 'shallow', 'twofold'] },
  {
    fault: 'does not write the context',
    engine: without(FIELD.context),
    seen: 'state',
    machines: ['vending', 'elevator'],
  },
  {
    fault: 'does not write what it invoked',
    engine: without(FIELD.invocation),
    seen: 'state',
    machines: ['attempt', 'crew'],
  },
  {
    fault: 'tells nothing of what it emitted',
    engine: writes(() => ({ transitions: [] })),
    seen: 'emitted',
    machines: ['doer', 'selves', 'depth'],
  },
  {
    fault: 'takes events in another order',
    engine: (message, stimuli, settings) => advance(message, stimuli.toReversed(), settings),
    seen: 'state',
    machines: ['listeners', 'selves', 'regions', 'vending', 'elevator'],
  },
  {
    fault: 'forgets custom actions',
    engine: (...args) => ({ ...advance(...args), actions: [] }),
    seen: 'actions',
    machines: ['doer'],
  },
  {
    fault: 'logs nothing',
    engine: (...args) => ({ ...advance(...args), effects: [] }),
    seen: 'logs',
    machines: ['chooser'],
  },
]

describe('the comparison sees an engine that', () => {
  test.each(faults)('$fault', async ({ engine, seen, machines }) => {
    const scripts = scriptsOf(machines)
    expect(scripts).toHaveLength(machines.length)
    await playTogether(ground.plot(), scripts, createTally(), advance)
    await expect(playTogether(ground.plot(), scripts, createTally(), engine)).rejects.toThrow(
      `${seen} differs from XState after`,
    )
  })
})
