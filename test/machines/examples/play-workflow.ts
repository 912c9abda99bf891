import { createActor, fromPromise, SimulatedClock, type Actor, type AnyEventObject, type AnyStateMachine } from 'xstate'
import { registerMachine } from '../../../src/engine/registry.ts'

/** One run of a handler, which ends when the test says so. */
export interface Run {
  readonly src: string
  readonly input: unknown
  readonly signal: AbortSignal
  resolve(output?: unknown): void
  reject(error: unknown): void
}

/** A workflow in a plain actor, its handlers in the hand of the test; no queue around it. */
export interface Play<Machine extends AnyStateMachine> {
  readonly actor: Actor<Machine>
  readonly clock: SimulatedClock
  /** Every run so far, oldest first. */
  readonly runs: readonly Run[]
  /** Names of all that ran so far. */
  ran(): string[]
  /** Leaf path of the state: `fulfilling.charging`. */
  state(): string
  send(event: AnyEventObject): void
  /** Lets the last run succeed, and resolves when the machine has seen it. */
  succeed(output?: unknown): Promise<void>
  fail(error: unknown): Promise<void>
}

export interface PlayOptions {
  readonly input: unknown
  /** Before the actor starts. */
  readonly prepare?: (actor: Actor<AnyStateMachine>) => void
}

export function playWorkflow<Machine extends AnyStateMachine>(
  machine: Machine,
  { input, prepare }: PlayOptions,
): Play<Machine> {
  const clock = new SimulatedClock()
  const runs: Run[] = []
  const handler = (src: string) =>
    fromPromise<unknown, unknown>(
      ({ input, signal }) => new Promise((resolve, reject) => runs.push({ src, input, signal, resolve, reject })),
    )
  const { sources } = registerMachine(machine)
  const provided = machine.provide({ actors: Object.fromEntries(sources.map((src) => [src, handler(src)])) })
  const actor = createActor(provided as AnyStateMachine, { clock, input })
  prepare?.(actor)
  actor.start()
  const settle = async (end: (run: Run) => void) => {
    const seen = nextSnapshot(actor)
    end(runs.at(-1)!)
    await seen
  }
  return {
    actor: actor as unknown as Actor<Machine>,
    clock,
    runs,
    ran: () => runs.map(({ src }) => src),
    state: () => nameOf(actor.getSnapshot().value),
    send: (event) => actor.send(event),
    succeed: (output) => settle((run) => run.resolve(output)),
    fail: (error) => settle((run) => run.reject(error)),
  }
}

function nextSnapshot(actor: Actor<AnyStateMachine>): Promise<void> {
  return new Promise((resolve) => {
    const subscription = actor.subscribe(() => {
      subscription.unsubscribe()
      resolve()
    })
  })
}

export function nameOf(value: unknown): string {
  if (typeof value === 'string') return value
  return Object.entries(value as object)
    .map(([key, inner]) => (inner === undefined ? key : `${key}.${nameOf(inner)}`))
    .join('+')
}
