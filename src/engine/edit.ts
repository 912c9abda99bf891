import type { AnyMachineSnapshot } from 'xstate'
import { encode } from '../codec.ts'
import type { EventData } from '../message.ts'
import type { DurableMachine } from './registry.ts'

/** The event by which the input of a message is replaced. */
export const EDIT = 'redrive.edit'

/** What an edit brings. */
export interface Edited {
  readonly input: unknown
}

/** What an event brings that is an edit; `undefined` for any other. */
export const editIn = (event: EventData): Edited | undefined =>
  event.type === EDIT ? { input: event['input'] } : undefined

type Context = Readonly<Record<string, unknown>>

/**
 * The context with which a machine begins with an input; empty for a machine whose context is the same for every input.
 * @throws what its context function throws, also because it spawns an actor: then it cannot be asked twice.
 */
export function firstContext({ machine }: DurableMachine, input: unknown): Context {
  const { context } = machine.config as { context?: unknown }
  if (typeof context !== 'function') return {}
  const spawn = (): never => {
    throw new Error(`the context of ${machine.id} spawns an actor`)
  }
  return (context as (args: object) => Context)({ input, spawn, self: {} })
}

/**
 * A snapshot whose context follows the input: each value that is still as the machine made it of the old input becomes what it makes of
 * the new one. What happened to the message since then stays, because nobody but the machine knows what else would have happened.
 */
export function followInput(
  machine: DurableMachine,
  snapshot: AnyMachineSnapshot,
  before: unknown,
  after: unknown,
): AnyMachineSnapshot {
  const context = { ...(snapshot.context as Context) }
  const [old, next] = [firstContext(machine, before), firstContext(machine, after)]
  for (const [key, value] of Object.entries(old)) {
    if (!(key in context) || !isSame(context[key], value)) continue
    if (key in next) context[key] = next[key]
    else delete context[key]
  }
  for (const [key, value] of Object.entries(next)) if (!(key in old) && !(key in context)) context[key] = value
  return { ...snapshot, context } as AnyMachineSnapshot
}

/** As it is stored. */
export const isSame = (a: unknown, b: unknown): boolean => a === b || encode(a, 'value') === encode(b, 'value')
