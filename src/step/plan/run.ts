import type { AnyActorScope } from 'xstate'
import type { Effect } from '../../engine/effects.ts'
import type { EventData, Status } from '../../message.ts'
import type { PlanState } from './state.ts'

export type Context = Readonly<Record<string, unknown>>

/** The plan leaves a step to XState, and says why. */
export interface Refusal {
  readonly refused: string
}

/** A macrostep as the plan has taken it: all that the engine derives from XState's, in the same order. */
export interface PlannedStep {
  readonly refused: undefined
  readonly to: PlanState
  readonly status: Status
  readonly context: Context
  readonly output: unknown
  readonly error: unknown
  readonly effects: readonly Effect[]
  /** `false` when the event was ignored, or taken by a transition that does nothing at all. */
  readonly changed: boolean
}

/** One thing that a transition does, compiled: it reads the run, and writes into it. */
export type Op = (run: Run) => void

/** Works out the input of an actor, or the output of the machine. */
export type Mapper = (args: object) => unknown

/** What the plan cannot do. Thrown while a plan is compiled, or from within a run; XState takes the step then. */
export class Unfit extends Error implements Refusal {
  readonly refused: string

  constructor(reason: string) {
    super(reason)
    this.refused = reason
  }
}

const SPAWNS = new Unfit('its code spawns an actor')

/** A macrostep under way, and the planned step at its end: one object, because there is one for every step of every message. */
export class Run implements PlannedStep {
  readonly refused = undefined
  to: PlanState
  context: Context
  /** The event of the present microstep. */
  event: EventData
  status: Status = 'active'
  output: unknown = undefined
  error: unknown = undefined
  readonly effects: Effect[] = []
  /** Whether XState would have made another snapshot by now. */
  anew = false
  /** Events that the machine has raised and not taken yet. */
  raised: EventData[] | undefined = undefined
  /** Set once the code has asked for what the plan cannot do, even if the code catches the refusal. */
  spoilt: Refusal | undefined = undefined
  readonly self: AnyActorScope['self']
  readonly system: AnyActorScope['system']

  constructor(from: PlanState, context: Context, event: EventData, scope: Pick<AnyActorScope, 'self' | 'system'>) {
    this.to = from
    this.context = context
    this.event = event
    this.self = scope.self
    this.system = scope.system
  }

  get changed(): boolean {
    return this.anew || this.effects.length > 0
  }

  /** The context as the code of the machine gets it. */
  get given(): Context {
    return this.context
  }

  /** What XState hands to an action, as a new object each time. */
  args(): object {
    return { context: this.given, event: this.event, self: this.self, system: this.system }
  }

  assignArgs(): object {
    const spawn = (): never => this.spoil(SPAWNS)
    return { context: this.given, event: this.event, spawn, self: this.self, system: this.system }
  }

  /** What XState hands to the mappers of inputs and outputs. */
  mapperArgs(event: EventData): object {
    return { context: this.given, event, self: this.self }
  }

  /** @param _key of the context, where the mapper hands on just that value, and reads nothing. */
  mapInput(mapper: Mapper, _key: string | undefined): unknown {
    return mapper(this.mapperArgs(this.event))
  }

  assign(update: unknown): void {
    // Not by spreading: like XState's own, it sets a member called `__proto__`.
    this.context = Object.assign({}, this.context, update)
    this.anew = true
  }

  raise(event: EventData): void {
    if (this.raised) this.raised.push(event)
    else this.raised = [event]
  }

  spoil(why: Unfit): never {
    this.spoilt = why
    throw why
  }
}
