import { isDeepStrictEqual } from 'node:util'
import { expect } from '@jest/globals'
import type { AnyMachineSnapshot, StateValue } from 'xstate'
import { registerMachine, type DurableMachine } from '../../src/engine/registry.ts'
import { stateName } from '../../src/engine/state-name.ts'
import { inDocumentOrder, initialStep, step, type Step } from '../../src/engine/transition.ts'
import type { EventData } from '../../src/message.ts'
import { planOf } from '../../src/step/plan/plan.ts'
import type { PlannedStep, Refusal } from '../../src/step/plan/run.ts'
import { planStep, takeFirstStep, takeStep } from '../../src/step/plan/take-step.ts'
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

/**
 * A step of the plan, and of the engine by it, beside the very same step of XState: state, context, status, output, error, actors, effects, and every call of the
 * machine's code with what it was given.
 * @throws the first difference, or what XState throws.
 */
function stepBeside(
  durable: DurableMachine,
  snapshot: AnyMachineSnapshot | undefined,
  event: EventData,
  tally: PlanTally,
  calls: () => Call[] = () => [],
): { readonly taken: Step; readonly own: Step } {
  calls()
  const planned = snapshot ? planStep(durable, snapshot, event, ID) : planOf(durable).start(event['input'], ID)
  const planCalls = calls()
  count(tally, planned)
  let taken: Step
  try {
    taken = snapshot ? step(durable.machine, snapshot, event, ID) : initialStep(durable.machine, event['input'], ID)
  } catch (error) {
    if (planned.refused === undefined) assertSame('fate', 'a step', error)
    throw error
  }
  compareSteps(planned, taken)
  if (planned.refused !== undefined) return { taken, own: taken }
  assertSame('calls', planCalls, calls())
  const own = snapshot ? takeStep(durable, snapshot, event, ID) : takeFirstStep(durable, event['input'], ID)
  assertSame('step of the engine', viewOfTaken(own), viewOfTaken(taken))
  return { taken, own }
}

/** @throws the first difference. */
export function compareSteps(planned: PlannedStep | Refusal, taken: Step): void {
  if (planned.refused === undefined) assertSame('step', viewOfPlanned(planned), viewOfTaken(taken))
  else if (planned.refused === 'its code throws') assertSame('fate', planned.refused, 'a step')
}

const ID = 'message-1'

export function count(tally: PlanTally, { refused }: PlannedStep | Refusal): void {
  tally.steps++
  if (refused === undefined) tally.planned++
  else tally.refused.set(refused, (tally.refused.get(refused) ?? 0) + 1)
}

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

/** What XState and the plan have made of a message with the same event. */
interface Pair {
  readonly xstate: AnyMachineSnapshot
  readonly plan: AnyMachineSnapshot
}

/** Takes the step of an event, the first one without; `undefined` when the machine has ended or thrown. */
type Take = (snapshot?: AnyMachineSnapshot, event?: EventData) => Pair | undefined

function stepsOf(
  { machine, input }: Chart,
  tally: PlanTally,
): { readonly durable: DurableMachine; readonly take: Take } {
  const watch = traced(machine)
  const durable = { ...registerMachine(watch.machine), system: undefined }
  return {
    durable,
    take(snapshot, event = { type: 'init', input }) {
      try {
        const { taken, own } = stepBeside(durable, snapshot, event, tally, watch.calls)
        if (taken.snapshot.status !== 'active') return undefined
        return { xstate: inDocumentOrder(taken.snapshot), plan: inDocumentOrder(own.snapshot) }
      } catch (error) {
        if (error instanceof Error && 'matcherResult' in error) throw error
        return undefined
      }
    },
  }
}

/**
 * Plays a sequence, anew whenever the machine ends or throws. It goes on from what XState has made of the message, or from what the plan has,
 * or from the same as a store gives it back.
 */
export function playBeside(chart: Chart, moves: readonly Move[], tally: PlanTally): void {
  const { durable, take } = stepsOf(chart, tally)
  let snapshot: AnyMachineSnapshot | undefined
  for (const move of moves) {
    const pair = snapshot ? take(snapshot, eventOf(move, snapshot)) : take()
    snapshot = move.pick % 2 === 0 ? pair?.xstate : pair?.plan
    if (snapshot && move.pick % 3 === 0) snapshot = revived(durable, snapshot)
  }
}

/** Plays every sequence of so many events. */
export function walkBeside(chart: Chart, events: readonly EventData[], length: number, tally: PlanTally): void {
  const { take } = stepsOf(chart, tally)
  const walk = (left: number, snapshot?: AnyMachineSnapshot): void => {
    if (snapshot && left > 0) for (const event of events) walk(left - 1, take(snapshot, event)?.plan)
  }
  walk(length, take()?.plan)
}

/**
 * A snapshot by the template of its state, with others in the place of its actors; `undefined` where transitions of regions have led XState
 * to a place from which no stored message could come back.
 */
function revived(
  durable: DurableMachine,
  { value, context, children, historyValue }: AnyMachineSnapshot,
): AnyMachineSnapshot | undefined {
  const template = templateOf(durable, stateName(value as StateValue))
  if (!template) return undefined
  const stubs = Object.entries(children as Record<string, { src: unknown }>).map(([id, { src }]) => [
    id,
    { id, src, getSnapshot: () => ({ status: 'active' }) },
  ])
  return { ...template, context, historyValue, children: Object.fromEntries(stubs) } as AnyMachineSnapshot
}

function templateOf(durable: DurableMachine, state: string): object | undefined {
  try {
    return durable.template(state)
  } catch {
    return undefined
  }
}
