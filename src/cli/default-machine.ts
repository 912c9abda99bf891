import { messageMachine } from '../../machines/index.ts'
import type { Message } from '../message.ts'

/** The events with which a person steps in. */
export type Intervention = 'RETRY' | 'CANCEL' | 'REDRIVE'

interface StateConfig {
  readonly on?: Readonly<Record<string, unknown>>
}

const states: Readonly<Record<string, StateConfig>> = messageMachine.config.states ?? {}

/** States in which the default machine takes an event. */
export function statesTaking(event: Intervention): string[] {
  return Object.keys(states).filter((state) => event in (states[state]?.on ?? {}))
}

/** What a message of the default machine takes in its present state; `undefined` where that is not known. */
export function takenBy({ state, machine }: Message): string[] | undefined {
  if (!isDefaultMachine(machine) || !(state in states)) return undefined
  return Object.keys(states[state]?.on ?? {})
}

export const isDefaultMachine = (ref: string): boolean => ref.startsWith(`${messageMachine.id}@`)

export const DEFAULT_STATES: readonly string[] = Object.keys(states)
