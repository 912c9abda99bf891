import { registerMachine } from '../engine/registry.ts'
import type { QueueOptions } from '../client/queue-options.ts'
import type { GivenHandlers, Handlers } from '../worker/handlers.ts'

/**
 * The actors that a machine implements itself, as handlers: so a crash can meet them, and the test can tell that they run. With
 * several versions on a queue each has its own, and they are left where they are.
 */
export function ownHandlers({ machine, versions = [] }: QueueOptions, given: GivenHandlers): Handlers {
  if (!machine || versions.length > 0) return {}
  const { sources, ownActor } = registerMachine(machine)
  const own = sources.flatMap((src) => {
    const run = Object.hasOwn(given, src) && given[src] !== 'own' ? undefined : ownActor(src)
    return run ? [[src, (input: unknown, { signal }: { signal: AbortSignal }) => run({ id: src, input, signal })]] : []
  })
  return Object.fromEntries(own) as Handlers
}
