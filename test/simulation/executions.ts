import type { HandlerContext } from '../../src/worker/handlers.ts'
import type { Ending } from './replay.ts'
import type { Witness } from './witness.ts'
import type { World } from './world.ts'

/** What handlers and actions did, in whichever process. */
export interface Executions {
  began(context: HandlerContext, src: string): void
  ended(queue: string, id: string, ending: Ending): void
  endings(queue: string, id: string): readonly Ending[]
  /** A custom action ran. */
  acted(id: string): void
  actions(id: string): number
  readonly count: number
}

export function createExecutions(world: World, find: Witness['find'], alias: Witness['alias']): Executions {
  const fences = new Set<string>()
  const endings = new Map<string, Ending[]>()
  const acts = new Map<string, number>()
  let count = 0

  return {
    began({ fence, message: { queue, id } }, src) {
      count++
      world.trace(`handler ${src} of ${id} begins under ${alias(fence)}`)
      const run = `${id} ${fence} ${src}`
      if (fences.has(run)) world.violate(`"${id}" had "${src}" run twice under ${alias(fence)}`)
      fences.add(run)
      if (!find(queue, id)?.running.has(fence))
        world.violate(`"${id}" had "${src}" run before the step that asked for it was written`)
    },
    ended(queue, id, ending) {
      const key = `${queue}/${id}`
      endings.set(key, [...(endings.get(key) ?? []), ending])
    },
    endings: (queue, id) => endings.get(`${queue}/${id}`) ?? [],
    acted(id) {
      acts.set(id, (acts.get(id) ?? 0) + 1)
      world.trace(`action of ${id}`)
    },
    actions: (id) => acts.get(id) ?? 0,
    get count() {
      return count
    },
  }
}
