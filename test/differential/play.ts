import { inspect, isDeepStrictEqual } from 'node:util'
import { expect } from '@jest/globals'
import { registerMachine } from '../../src/engine/registry.ts'
import { initialStep } from '../../src/engine/transition.ts'
import { createVersions, type Versions } from '../../src/engine/versions.ts'
import type { Chart } from '../engine/charts/chart.ts'
import type { Move } from '../engine/sequences.ts'
import { comparable } from '../engine/twin.ts'
import { blowOf, type Blow } from './blow.ts'
import { byPlan } from './by-plan.ts'
import { startOriginal, type Known, type Original } from './original.ts'
import { nothingTold, type Told, type View } from './view.ts'

/** A machine of the corpus. */
export interface Part extends Chart {
  /** What is known to differ in it. */
  readonly known?: Known
  /** Who takes its steps: XState itself, or the plan where it can. Default XState. */
  readonly by?: 'xstate' | 'plan'
  /** Send no two events at once: what the machine sends itself would come between them. */
  readonly alone?: boolean
}

/**
 * One message beside its original. Of the message nothing is kept here between two steps but where it is to be found; `dues` is the
 * virtual time of its timers, because the clock of Redis is a real one.
 */
export interface Play {
  readonly part: Part
  readonly moves: Move[]
  readonly id: string
  readonly original: Original
  readonly told: Told
  readonly dues: Map<string, number>
  /** What happened to both so far. */
  readonly trail: string[]
  versions: Versions
  /** The original when it came to rest. */
  expected: View
  /** Name of the state under which the message lies. */
  state: string
  /** Whether it is under a lease. */
  held: boolean
  /** Whether some timer of the message is due. */
  due: boolean
  over: false | 'ended' | 'thrown' | 'endless'
}

let plays = 0

export function createPlay(part: Part, moves: readonly Move[], versions: Versions): Play {
  const original = startOriginal(part.machine, part.input, part.known)
  return {
    part,
    original,
    moves: [...moves],
    id: `play${plays++}`,
    told: nothingTold(),
    dues: new Map(),
    trail: [],
    versions,
    expected: original.view(),
    state: '',
    held: false,
    due: false,
    over: false,
  }
}

/** The machine as another process would have it: made and registered anew, with nothing that was found out before. */
export function freshVersions({ machine, by }: Part): Versions {
  const fresh = registerMachine(machine.provide({}) as Part['machine'])
  return createVersions(by === 'plan' ? byPlan(fresh) : fresh, [], undefined, { when: () => undefined })
}

/** What a play does next. */
export interface Act {
  readonly blow?: Blow
  /** Whether its worker gives it back first, as one that is stopped does. */
  readonly handBack?: boolean
}

export function nextAct(play: Play): Act {
  const move = play.moves.shift()!
  if (move.pick % 16 === 0) play.versions = freshVersions(play.part)
  const blow = blowOf(move, play.original, play.part.alone ?? false)
  play.trail.push(inspect(blow, { depth: 4, breakLength: Infinity }))
  return { blow, handBack: blow.kind !== 'end' && move.pick % 3 === 0 }
}

export function applyToOriginal({ original }: Play, { blow }: Act): void {
  if (blow?.kind === 'pass') original.pass(blow.to)
  if (blow?.kind === 'end') original.end(blow.child, blow.ending)
  if (blow?.kind === 'events') for (const event of blow.events) original.send(event)
}

/** Compares what both have told since the last time. */
export function compareTold(play: Play): void {
  const { told, original } = play
  const theirs = original.told()
  for (const kind of ['emitted', 'logs', 'actions'] as const)
    assertAlike(play, kind, comparable(told[kind].splice(0)), comparable(theirs[kind]))
}

/** A message and its original are not alike. */
export class Difference extends Error {
  readonly part: Part

  constructor({ part, trail }: Play, what: string, explanation: string) {
    super(`${part.name}: ${what} differs from XState after\n  ${trail.join('\n  ')}\n${explanation}`)
    this.part = part
  }
}

/** Jest's own comparison is thorough and slow: it explains a difference that a quick one has found. */
export function assertAlike(play: Play, what: string, redrive: unknown, xstate: unknown): void {
  if (!isDeepStrictEqual(redrive, xstate)) throw new Difference(play, what, explain(redrive, xstate))
}

function explain(redrive: unknown, xstate: unknown): string {
  try {
    expect(redrive).toStrictEqual(xstate)
    return `${inspect(redrive, { depth: 9 })}\nis not\n${inspect(xstate, { depth: 9 })}`
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}

/** Whether a machine that was drawn by lot comes to rest at all. */
export function startsWell({ machine, input }: Part): boolean {
  try {
    return initialStep(registerMachine(machine).machine, input).snapshot.status === 'active'
  } catch {
    return false
  }
}
