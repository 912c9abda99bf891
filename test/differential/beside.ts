import { isDeepStrictEqual } from 'node:util'
import { expect } from '@jest/globals'
import type { AnyMachineSnapshot, StateValue } from 'xstate'
import type { DurableMachine } from '../../src/engine/registry.ts'
import { registerMachine } from '../../src/engine/registry.ts'
import { stateName } from '../../src/engine/state-name.ts'
import { inDocumentOrder, initialStep, step, type Step } from '../../src/engine/transition.ts'
import type { EventData } from '../../src/message.ts'
import { planOf } from '../../src/step/plan/plan.ts'
import type { PlannedStep, Refusal } from '../../src/step/plan/run.ts'
import { planStep } from '../../src/step/plan/take-step.ts'
import { activeNodes, eventOf, type Move } from '../engine/sequences.ts'
import type { Chart } from '../engine/charts/chart.ts'
import { traced, type Call } from './traced.ts'

/** What the plan took and what it left to XState, by the reason. */
export interface PlanTally {
  steps: number
  planned: number
  readonly refused: Map<string, number>
}

export const createPlanTally = (): PlanTally => ({ steps: 0, planned: 0, refused: new Map() })

/** Which of the two steps a message goes on from: it must be able to go on from either. */
export type Engine = 'plan' | 'xstate'

/**
 * A step of the plan beside the very same step of XState: state, context, status, output, error, actors, effects, and every call of the
 * machine's code with what it was given.
 * @throws the first difference, or what XState throws.
 */
export function stepBeside(
  durable: DurableMachine,
  snapshot: AnyMachineSnapshot | undefined,
  event: EventData,
  tally: PlanTally,
  calls: () => Call[] = () => [],
): { readonly planned: PlannedStep | Refusal; readonly taken: Step } {
  calls()
  const planned = snapshot ? planStep(durable, snapshot, event, ID) : planOf(durable).start(event['input'], ID)
  const planCalls = calls()
  tally.steps++
  if (planned.refused === undefined) tally.planned++
  else tally.refused.set(planned.refused, (tally.refused.get(planned.refused) ?? 0) + 1)
  let taken: Step
  try {
    taken = snapshot
      ? step(durable.machine, snapshot, event, ID)
      : initialStep(durable.machine, event['input'], ID)
  } catch (error) {
    if (planned.refused === undefined) assertSame('fate', 'a step', error)
    throw error
  }
  if (planned.refused === undefined) {
    assertSame('step', viewOfPlanned(planned), viewOfTaken(taken))
    assertSame('calls', planCalls, calls())
  } else expect(planned.refused).not.toBe('its code throws')
  return { planned, taken }
}

const ID = 'message-1'

function assertSame(what: string, plan: unknown, xstate: unknown): void {
  if (!isDeepStrictEqual(plan, xstate)) expect({ [what]: plan }).toStrictEqual({ [what]: xstate })
}

const viewOfPlanned = ({ to, status, context, output, error, effects, changed }: PlannedStep): object => ({
  state: status === 'error' ? undefined : to.name,
  nodes: to.nodes.map(({ id }) => id),
  tags: to.tags,
  children: status === 'error' ? [] : [...to.invoked],
  status,
  context,
  output,
  error,
  effects,
  changed,
})

function viewOfTaken({ snapshot, effects, changed }: Step): object {
  const { status, context, output, error } = snapshot
  const ordered = inDocumentOrder(snapshot)
  return {
    state: status === 'error' ? undefined : stateName(ordered.value as StateValue),
    nodes: activeNodes(ordered).map(({ id }) => id),
    tags: [...ordered.tags],
    children: Object.entries(snapshot.children as Record<string, { src: unknown }>).map(([id, { src }]) => [id, src]),
    status,
    context: context as unknown,
    output: output as unknown,
    error,
    effects,
    changed,
  }
}

/** Plays a sequence, anew whenever the machine ends or throws; every third step goes on from a snapshot as a store gives it back. */
export function playBeside({ machine, input }: Chart, moves: readonly Move[], tally: PlanTally): void {
  const watch = traced(machine)
  const durable = { ...registerMachine(watch.machine), system: undefined }
  let snapshot: AnyMachineSnapshot | undefined
  for (const move of moves) {
    const event = snapshot ? eventOf(move, snapshot) : { type: 'init', input }
    try {
      const { taken } = stepBeside(durable, snapshot, event, tally, watch.calls)
      const next = inDocumentOrder(taken.snapshot)
      snapshot = next.status === 'active' ? (move.pick % 3 === 0 ? revived(durable, next) : next) : undefined
    } catch (error) {
      if (error instanceof Error && 'matcherResult' in error) throw error
    }
  }
}

/** A snapshot by the template of its state, with others in the place of its actors. */
function revived(durable: DurableMachine, { value, context, children, historyValue }: AnyMachineSnapshot) {
  const template = durable.template(stateName(value as StateValue)) as object
  const stubs = Object.entries(children as Record<string, { src: unknown }>).map(([id, { src }]) => [
    id,
    { id, src, getSnapshot: () => ({ status: 'active' }) },
  ])
  return { ...template, context, historyValue, children: Object.fromEntries(stubs) } as AnyMachineSnapshot
}
