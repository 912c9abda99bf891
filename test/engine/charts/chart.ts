import { createMachine, type AnyStateMachine } from 'xstate'

/** A machine under test, and what it is started with. */
export interface Chart {
  readonly name: string
  readonly machine: AnyStateMachine
  readonly input?: unknown
  /** Ids of states in which no step ever ends. */
  readonly transient?: readonly string[]
}

/** Every event that the sequences send carries a number, so that guards and assigns have something to decide by. */
export interface ChartEvent {
  readonly type: string
  readonly value?: number
}

/** The last entries of a log that would otherwise grow with each step. */
export function logged(log: readonly string[], entry: string): string[] {
  return [...log.slice(-15), entry]
}

/** Types for setup(), which reads nothing of the value. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller states it
export const typed = <T>(): T => ({}) as T

/** A machine of one state and a little more, whatever the compiler thinks of it. */
export function machineOf(config: object, implementations: object = {}, root: object = {}): AnyStateMachine {
  const whole = { id: 'm', initial: 'a', states: { a: config, b: {} }, ...root }
  return createMachine(whole as never, implementations as never) as AnyStateMachine
}
