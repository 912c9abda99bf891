import type { AnyActorScope, AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import { toEffect, type Effect, type ExecutableAction } from '../../src/engine/effects.ts'
import type { DurableMachine } from '../../src/engine/registry.ts'
import type { Step } from '../../src/engine/transition.ts'
import type { EventData } from '../../src/message.ts'
import { planOf } from '../../src/step/plan/plan.ts'
import type { PlannedStep, Refusal } from '../../src/step/plan/run.ts'
import { planStep, takeFirstStep, takeStep } from '../../src/step/plan/take-step.ts'
import { compareSteps, count, createPlanTally } from './beside.ts'

/** Steps that messages have taken by their plan, and those that it left to XState. */
export const tallyByPlan = createPlanTally()

/**
 * A machine whose messages live by the plan: whoever asks XState for a step gets that of the plan, where it can take it, and nobody
 * notices. Each of these steps is compared with that of XState.
 */
export function byPlan(durable: DurableMachine): DurableMachine {
  const { machine, system } = durable
  // Steps of several actors are none of the plan's.
  if (system) return durable

  function answer(scope: AnyActorScope, planned: Asked, real: (scope: AnyActorScope) => unknown): unknown {
    const actions: ExecutableAction[] = []
    const actionExecutor = (action: unknown): void => void actions.push(action as ExecutableAction)
    const snapshot = real({ ...scope, actionExecutor }) as AnyMachineSnapshot
    const effects = actions.map(toEffect).filter((effect) => effect !== undefined)
    const changed = snapshot !== planned.before || effects.length > 0
    if (snapshot.status !== 'error' || planned.before) compareSteps(planned.step, { snapshot, effects, changed })
    count(tallyByPlan, planned.step)
    const told = planned.step.refused === undefined ? planned.step.effects.map(toAction) : actions
    for (const action of told) (scope.actionExecutor as (action: ExecutableAction) => void)(action)
    return planned.step.refused === undefined ? planned.taken().snapshot : snapshot
  }

  const run = Object.create(machine, {
    transition: {
      value: (snapshot: AnyMachineSnapshot, event: EventData, scope: AnyActorScope) => {
        const step = planStep(durable, snapshot, event, scope.id)
        const taken = (): Step => takeStep(durable, snapshot, event, scope.id)
        return answer(scope, { step, taken, before: snapshot }, (own) => machine.transition(snapshot, event, own))
      },
    },
    getInitialSnapshot: {
      value: (scope: AnyActorScope, input: unknown) => {
        const step = planOf(durable).start(input, scope.id)
        const taken = (): Step => takeFirstStep(durable, input, scope.id)
        return answer(scope, { step, taken, before: undefined }, (own) => machine.getInitialSnapshot(own, input))
      },
    },
  }) as AnyStateMachine
  return { ...durable, machine: run }
}

interface Asked {
  readonly step: PlannedStep | Refusal
  /** The same as the engine has it. */
  readonly taken: () => Step
  readonly before: AnyMachineSnapshot | undefined
}

/** The reverse of `toEffect`. */
function toAction(effect: Effect): ExecutableAction {
  switch (effect.type) {
    case 'timer.set':
      return { type: 'xstate.raise', params: { id: effect.id, event: effect.event, delay: effect.delay } }
    case 'timer.cancel':
      return { type: 'xstate.cancel', params: { sendId: effect.id } }
    case 'invoke':
      return { type: 'xstate.spawnChild', params: { id: effect.id, src: effect.src, input: effect.input } }
    case 'stop':
      return { type: 'xstate.stopChild', params: { id: effect.id } }
    case 'emit':
      return { type: 'xstate.emit', params: { event: effect.event } }
    case 'log':
      return { type: 'xstate.log', params: { value: effect.value, label: effect.label } }
    case 'action': {
      const { name, params, event, context, exec } = effect
      return { type: name, params, exec, info: { self: undefined, event, context } }
    }
    case 'send':
      throw new Error(`a planned step sends to ${effect.target}`)
  }
}
