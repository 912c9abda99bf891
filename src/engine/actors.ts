import { RedriveError } from '../errors.ts'
import type { Effect } from './effects.ts'
import type { DurableMachine } from './registry.ts'

/**
 * Refuses a step that makes an actor which no other worker could find: it would be gone with this process, and its message would wait
 * for it for ever. A registration sees invoke and spawnChild(), and not what code does within a step.
 * @throws RedriveError `E_STEP_FAILED`
 */
export function refuseStrangers(
  { sources, system }: DurableMachine,
  before: object,
  { children }: { readonly children: object },
  effects: readonly Effect[],
): void {
  // There each actor is looked at when it is made.
  if (system) return
  const invoked = new Set<string>()
  for (const effect of effects) {
    if (effect.type !== 'invoke') continue
    invoked.add(effect.id)
    if (!sources.includes(effect.src))
      throw failure(
        `the actor "${effect.id}" is spawned from "${effect.src}", which the machine names nowhere else. Spawn it by spawnChild() in a list of actions, or name its source in an invoke.`,
      )
  }
  if (children === before) return
  for (const id of Object.keys(children)) {
    if (!invoked.has(id) && !(id in before))
      throw failure(
        `the actor "${id}" is spawned within an assign or the context. Spawn it by spawnChild("…", { id }).`,
      )
  }
}

const failure = (message: string): RedriveError => new RedriveError('E_STEP_FAILED', message)
