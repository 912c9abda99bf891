import type { AnyActorRef, AnyMachineSnapshot } from 'xstate'
import { childStub, type DurableMachine } from '../../engine/registry.ts'
import { initialStep, step, type Step } from '../../engine/transition.ts'
import type { EventData } from '../../message.ts'
import { planOf } from './plan.ts'
import type { PlannedStep, Refusal } from './run.ts'
import type { PlanState } from './state.ts'

/**
 * The step of a message of one actor: by the plan where that can take it, else by XState. The result is the same, but for the actors in
 * `children`, which stand for those that a worker runs.
 * @param id what the machine finds as `self.id`
 */
export function takeStep(durable: DurableMachine, snapshot: AnyMachineSnapshot, event: EventData, id?: string): Step {
  const planned = planStep(durable, snapshot, event, id)
  if (planned.refused !== undefined) return step(durable.machine, snapshot, event, id)
  if (!planned.changed) return { snapshot, effects: [], changed: false }
  return { snapshot: toSnapshot(planned, snapshot), effects: planned.effects, changed: true }
}

/** The same for the first step. */
export function takeFirstStep(durable: DurableMachine, input: unknown, id?: string): Step {
  const planned = planOf(durable).start(input, id)
  if (planned.refused !== undefined) return initialStep(durable.machine, input, id)
  return { snapshot: toSnapshot(planned), effects: planned.effects, changed: true }
}

/** The plan's own answer for a snapshot at rest. */
export function planStep(
  durable: DurableMachine,
  snapshot: AnyMachineSnapshot,
  event: EventData,
  id?: string,
): PlannedStep | Refusal {
  if (snapshot.status !== 'active') return OVER
  const plan = planOf(durable)
  // oxlint-disable-next-line no-underscore-dangle -- XState has no public name for them
  const from = plan.at(snapshot._nodes.at(-1)!)
  if (from.refused !== undefined) return from
  return hasJust(snapshot, from) ? plan.step(from, snapshot.context as PlannedStep['context'], event, id) : STRANGERS
}

const OVER: Refusal = Object.freeze({ refused: 'the machine has ended' })
const STRANGERS: Refusal = Object.freeze({ refused: 'other actors run than its state invokes' })

/** Whether it is in this state and in no other, and runs what the state invokes and nothing else. */
function hasJust({ _nodes: nodes, children }: AnyMachineSnapshot, { nodes: path, invoked }: PlanState): boolean {
  const ids = Object.keys(children as object)
  return nodes.length === path.length && ids.length === invoked.size && ids.every((id) => invoked.has(id))
}

type Children = Readonly<Record<string, AnyActorRef>>

/** Another state may invoke another actor under the id of one that it stops. */
function childrenOf({ to, effects }: PlannedStep, before: Children): Children {
  const fresh = new Set<string>()
  for (const effect of effects) if (effect.type === 'invoke') fresh.add(effect.id)
  const children: Record<string, AnyActorRef> = {}
  for (const [id, src] of to.invoked) children[id] = (!fresh.has(id) && before[id]) || childStub(id, src)
  return children
}

function toSnapshot(planned: PlannedStep, before?: AnyMachineSnapshot): AnyMachineSnapshot {
  const { to, status, context, output, error } = planned
  const children = status === 'error' ? {} : childrenOf(planned, (before?.children ?? {}) as Children)
  const historyValue = before?.historyValue ?? {}
  return { ...(to.template as object), status, context, output, error, children, historyValue } as AnyMachineSnapshot
}
