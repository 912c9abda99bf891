import { fromPromise, type AnyActorLogic, type AnyStateMachine } from 'xstate'
import { actorLogic, kindOf } from './logic.ts'
import { allNodes, actionsOf } from './nodes.ts'

/**
 * A machine of a message: the root, whose key is empty, or one that is invoked or spawned below it, however deep. Sources and custom
 * actions of such a one go by its key: `payment/charge`.
 */
export interface Member {
  readonly key: string
  readonly machine: AnyStateMachine
  /** The same with something in the place of each actor that it does not implement. */
  readonly run: AnyStateMachine
  /** What its states and actions name as actors, in document order. */
  readonly sources: readonly string[]
}

/** The root and all machines below it. One that invokes itself is there once, under the key by which it was met first. */
export function membersOf(root: AnyStateMachine): Member[] {
  const members: Member[] = []
  const met = new Set<AnyActorLogic>()
  const meet = (machine: AnyStateMachine, key: string): void => {
    met.add(machine)
    const sources = sourcesOf(machine)
    members.push({ key, machine, run: withPlaceholders(machine, sources), sources })
    for (const src of new Set([...sources, ...Object.keys(machine.implementations.actors)])) {
      const logic = actorLogic(machine, src)
      if (logic && !met.has(logic) && kindOf(logic) === 'machine') meet(logic as AnyStateMachine, qualified(key, src))
    }
  }
  meet(root, '')
  return members
}

/** The name of a source or an action of the machine with this key. */
export const qualified = (key: string, name: string): string => (key === '' ? name : `${key}/${name}`)

/** XState resolves the input of an invocation only when its source has some logic. Ours is run by a worker, never by this. */
function withPlaceholders(machine: AnyStateMachine, sources: readonly string[]): AnyStateMachine {
  const missing = sources.filter((src) => actorLogic(machine, src) === undefined)
  if (missing.length === 0) return machine
  const noHandler = (src: string): AnyActorLogic =>
    fromPromise(() => Promise.reject(new Error(`${src} has no handler`)))
  return machine.provide({ actors: Object.fromEntries(missing.map((src) => [src, noHandler(src)])) }) as AnyStateMachine
}

/** What a machine names as an actor by `invoke` and `spawnChild()`; what is spawned in an assign is known only when it is. */
function sourcesOf(machine: AnyStateMachine): string[] {
  const invoked = [...allNodes(machine.root)].flatMap((node) => [
    ...node.invoke.map(({ src }) => src as string),
    ...actionsOf(node).flatMap(spawnedBy),
  ])
  return [...new Set([...invoked, ...Object.values(machine.implementations.actions).flatMap(spawnedBy)])]
}

/** The name that a `spawnChild()` spawns by. */
function spawnedBy(action: unknown): string[] {
  if (typeof action !== 'function' || !('type' in action) || action.type !== 'xstate.spawnChild') return []
  return 'src' in action && typeof action.src === 'string' ? [action.src] : []
}

/**
 * Whether a message of these machines holds more than one actor with a life of its own. Then the actors of it talk among
 * themselves within a step, and XState's own system of actors is asked to take it.
 */
export function isSystem(members: readonly Member[]): boolean {
  if (members.length > 1) return true
  return members.some(({ machine, sources }) => {
    const implemented = machine.implementations.actors as Readonly<Record<string, AnyActorLogic>>
    // What is implemented and named nowhere is there to be spawned by code.
    if (Object.keys(implemented).some((src) => !sources.includes(src)) || spawnsInCode(machine)) return true
    // A promise whose snapshots are heard speaks once, when it begins.
    if (hearsSnapshots(machine)) return true
    return sources.some((src) => {
      const logic = actorLogic(machine, src)
      return logic !== undefined && kindOf(logic) !== 'promise'
    })
  })
}

const hearsSnapshots = (machine: AnyStateMachine): boolean =>
  [...allNodes(machine.root)].some(({ transitions }) =>
    [...transitions.keys()].some((type) => type.startsWith('xstate.snapshot.')),
  )

/** Whether code that XState hands a `spawn` seems to use it. By its text: a wrong guess costs time, or is refused in the step that spawns. */
function spawnsInCode(machine: AnyStateMachine): boolean {
  const actions = [...allNodes(machine.root)].flatMap(actionsOf)
  const code = [
    machine.config.context,
    ...[...actions, ...Object.values(machine.implementations.actions)].flatMap(codeOf),
  ]
  return code.some((each) => typeof each === 'function' && /\bspawn/.test(Function.prototype.toString.call(each)))
}

/** The functions of an assign() or an enqueueActions(). */
function codeOf(action: unknown): unknown[] {
  if (typeof action !== 'function') return []
  const { assignment = {}, collect } = action as { assignment?: object; collect?: unknown }
  return [collect, assignment, ...(Object.values(assignment) as unknown[])]
}
