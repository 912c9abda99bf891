import type { PlanState } from './state.ts'
import { Unfit, type PlannedStep, type Refusal, type Run } from './run.ts'
import type { Body, PlannedTransition } from './transition.ts'

/** Nobody knows what a throw leaves behind: XState takes the step again, and tells of the error in its own words. */
const THROWS: Refusal = Object.freeze({ refused: 'its code throws' })
const ENDLESS: Refusal = Object.freeze({ refused: 'there is no end of it' })

/** Microsteps within a step. Honest machines come nowhere near it, and XState knows what to do about the others. */
export const MOST_MICROSTEPS = 1000

/** A whole macrostep, by the transitions that an event may take. */
export function macrostep(run: Run, from: PlanState, most: number): PlannedStep | Refusal {
  const { type } = run.event
  try {
    const first = select(from.taken(type), run)
    if (first) {
      if (first.refused) return first.refused
      take(run, first)
    } else if (type.startsWith('xstate.error.actor')) {
      fail(run, from)
      return run
    }
    return settle(run, most)
  } catch (cause) {
    return refusalOf(run, cause)
  }
}

/** What the machine does before its first state at rest. */
export function firstMacrostep(run: Run, first: Body, most: number, begin: () => void): PlannedStep | Refusal {
  try {
    begin()
    take(run, first)
    run.anew = true
    return settle(run, most)
  } catch (cause) {
    return refusalOf(run, cause)
  }
}

/** Takes transitions without an event, then what the machine has raised, until it is at rest. */
function settle(run: Run, most: number): PlannedStep | Refusal {
  let asksAlways = true
  for (let i = 1; run.status === 'active'; i++) {
    if (i > most) return ENDLESS
    let next: PlannedTransition | undefined = asksAlways ? select(run.to.always(), run) : undefined
    const isEventless: boolean = next !== undefined
    if (!isEventless) {
      if (!run.raised?.length) break
      run.event = run.raised.shift()!
      next = select(run.to.taken(run.event.type), run)
    }
    if (next?.refused) return next.refused
    const before = run.anew
    run.anew = false
    if (next) take(run, next)
    // Else the same one would be taken for ever.
    asksAlways = !isEventless || run.anew
    run.anew ||= before
  }
  return run.spoilt ?? run
}

function select(candidates: readonly PlannedTransition[], { given, event }: Run): PlannedTransition | undefined {
  for (const candidate of candidates) if (!candidate.test || candidate.test(given, event)) return candidate
  return undefined
}

function take(run: Run, { ops, to }: Body): void {
  for (const op of ops) op(run)
  if (run.to === to) return
  run.to = to
  run.anew = true
}

/** An actor has failed, and no state has a word for it: that is the end of the machine. */
function fail(run: Run, { invoked }: PlanState): void {
  for (const id of invoked.keys()) run.effects.push({ type: 'stop', id })
  run.status = 'error'
  run.error = run.event['error']
  run.anew = true
}

function refusalOf({ spoilt }: Run, cause: unknown): Refusal {
  return spoilt ?? (cause instanceof Unfit ? cause : THROWS)
}
