import type { AnyMachineSnapshot } from 'xstate'
import type { AnyStateNode } from '../../engine/nodes.ts'
import type { DurableMachine } from '../../engine/registry.ts'
import { selfOf } from '../../engine/transition.ts'
import type { EventData } from '../../message.ts'
import { firstMacrostep, macrostep, MOST_MICROSTEPS } from './macrostep.ts'
import { Run, type Context, type PlannedStep, type Refusal } from './run.ts'
import { createStateBook, type PlanState } from './state.ts'
import { compileStart } from './transition.ts'
import { listUnfit, type UnfitStep } from './unfit.ts'

/**
 * A machine compiled to a table: its guards, actions and mappers, called directly on flat values. It calls the same code of the user with
 * the same arguments in the same order as XState does, and returns what the engine derives from XState. Whatever it cannot do it
 * refuses, before anything has happened: then the step is XState's.
 */
export interface Plan {
  /** A state at rest by its name, or why XState takes every step from there. */
  state(name: string): PlanState | Refusal
  /** The same by its innermost node. */
  at(leaf: AnyStateNode): PlanState | Refusal
  /** The first step of a message. */
  start(input: unknown, id?: string): PlannedStep | Refusal
  /** One macrostep of an active message. @param id what the machine finds as `self.id` */
  step(from: PlanState, context: Context, event: EventData, id?: string): PlannedStep | Refusal
  /** All that is left to XState, with the reason. */
  readonly unfit: readonly UnfitStep[]
}

const plans = new WeakMap<DurableMachine, Plan>()

/** The plan of a machine, made once and filled as its states are met. */
export function planOf(durable: DurableMachine): Plan {
  let plan = plans.get(durable)
  if (!plan) plans.set(durable, (plan = createPlan(durable)))
  return plan
}

/** Events by which XState itself begins and stops a machine. */
const OWN_EVENTS: ReadonlySet<string> = new Set(['xstate.init', 'xstate.stop'])

const SYSTEM: Refusal = Object.freeze({ refused: 'its message holds several actors' })
const UNKNOWN: Refusal = Object.freeze({ refused: 'the machine has no such state' })
const OWN_EVENT: Refusal = Object.freeze({ refused: 'the event is one of XState itself' })

function createPlan(durable: DurableMachine): Plan {
  const { machine, system, template } = durable
  const book = createStateBook(durable)
  const names = new Map<string, PlanState | Refusal>()
  const most = Math.min(machine.options.maxIterations ?? Infinity, MOST_MICROSTEPS)
  let start: ReturnType<typeof compileStart> | undefined
  let unfit: readonly UnfitStep[] | undefined

  function findState(name: string): PlanState | Refusal {
    const leaf = nodesOf(() => template(name)).at(-1)
    const state = leaf ? book.at(leaf) : UNKNOWN
    // A message that failed is nowhere, though XState resolves its empty value to the first state.
    return state.refused !== undefined || state.name === name ? state : UNKNOWN
  }

  return {
    state(name) {
      const known = names.get(name)
      if (known) return known
      const found = system ? SYSTEM : findState(name)
      if (found !== UNKNOWN) names.set(name, found)
      return found
    },
    at: (leaf) => (system ? SYSTEM : book.at(leaf)),
    start(input, id) {
      if (system) return SYSTEM
      const first = (start ??= compileStart(book))
      if (first.refused !== undefined) return first
      const run = new Run(first.to, {}, { type: 'xstate.init', input }, selfOf(id))
      return firstMacrostep(run, first, most, () => begin(run, machine.config.context, input))
    },
    step(from, context, event, id) {
      if (OWN_EVENTS.has(event.type)) return OWN_EVENT
      return macrostep(new Run(from, context, event, selfOf(id)), from, most)
    },
    get unfit() {
      return (unfit ??= system
        ? [{ state: '*', event: '*', reason: SYSTEM.refused }]
        : listUnfit(book, (start ??= compileStart(book))))
    },
  }
}

/** The context with which a message begins. */
function begin(run: Run, context: unknown, input: unknown): void {
  if (typeof context !== 'function') run.context = (context ?? {}) as Context
  else {
    const { spawn, self } = run.assignArgs() as { readonly spawn: unknown; readonly self: unknown }
    run.assign((context as (args: object) => unknown)({ spawn, input, self }))
  }
}

function nodesOf(template: () => AnyMachineSnapshot): readonly AnyStateNode[] {
  try {
    // oxlint-disable-next-line no-underscore-dangle -- XState has no public name for them
    return template()._nodes as readonly AnyStateNode[]
  } catch {
    return []
  }
}
