import { isDeepStrictEqual } from 'node:util'
import { expect } from '@jest/globals'
import type { Actor, AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import { getShortestPaths, getSimplePaths } from 'xstate/graph'
import { registerMachine } from '../../../src/engine/registry.ts'
import { nameOf, playWorkflow, type Run } from './play-workflow.ts'

// XState's graph walks a machine as a pure function and says where each path ends; a running actor must end there too.

export interface Model {
  readonly machine: AnyStateMachine
  readonly input: unknown
  /** What each handler may return, by its name. Default: `undefined`. */
  readonly outputs?: Readonly<Record<string, readonly unknown[]>>
  /** What any handler may throw. */
  readonly errors: readonly unknown[]
  readonly commands: readonly AnyEventObject[]
  /** Keeps the graph finite: whether an event is still to be tried in a state. Default: always. */
  readonly allows?: (snapshot: AnyMachineSnapshot, event: AnyEventObject) => boolean
}

export type Path = ReturnType<typeof getShortestPaths<AnyStateMachine>>[number]

/** Every way to the states of a workflow: `shortest` has one to each state and context, `simple` all that pass no state twice. */
export function pathsOf(model: Model, kind: 'shortest' | 'simple'): Path[] {
  const { machine } = registerMachine(model.machine)
  const find = kind === 'shortest' ? getShortestPaths : getSimplePaths
  return find(machine, {
    input: model.input,
    events: eventsOf(model),
    serializeState: (snapshot: AnyMachineSnapshot) => JSON.stringify(seen(snapshot)),
    filterEvents: (snapshot: AnyMachineSnapshot, event: AnyEventObject) => {
      const [, id] = ACTOR_EVENT.exec(event.type) ?? []
      // Only a handler that runs can end.
      const possible = id === undefined || Object.hasOwn(snapshot.children as object, id)
      return possible && (model.allows?.(snapshot, event) ?? true)
    },
  } as Parameters<typeof find<AnyStateMachine>>[1])
}

const ACTOR_EVENT = /^xstate\.(?:done|error)\.actor\.(.*)$/

/** Everything that can happen to the machine: ends of its handlers, its timers, and the commands. */
function eventsOf({ machine, outputs = {}, errors, commands }: Model): AnyEventObject[] {
  const types = (machine.events as string[]).filter((type) => type.startsWith('xstate.'))
  const own = types.flatMap((type): AnyEventObject[] => {
    const [, actorId = ''] = ACTOR_EVENT.exec(type) ?? []
    if (type.startsWith('xstate.done.actor.'))
      return (outputs[actorId] ?? [undefined]).map((output) => ({ type, output, actorId }))
    if (type.startsWith('xstate.error.actor.')) return errors.map((error) => ({ type, error, actorId }))
    return type.startsWith('xstate.after.') ? [{ type }] : []
  })
  return [...own, ...commands]
}

/** What a snapshot says that counts. */
function seen({ value, context, status, output, historyValue }: AnyMachineSnapshot): object {
  const history = Object.entries(historyValue).map(([id, nodes]) => [id, nodes.map((node) => node.id)])
  return { value: value as unknown, context: context as unknown, status, output: output as unknown, history }
}

const eventsOn = (path: Path): AnyEventObject[] => path.steps.map(({ event }) => event as AnyEventObject)

/** Whether an event is on a path. */
export const happened = (path: Path, type: string): boolean => eventsOn(path).some((event) => event.type === type)

/** What came of a path that was walked by a real actor. */
export interface Walk {
  /** Handlers in the order in which they ran; `ended` tells how, and nothing of one that was aborted or still runs. */
  readonly runs: readonly (Run & { ended?: 'done' | 'failed' })[]
  readonly state: string
  readonly context: unknown
}

/** Lets a real actor go a path, and holds each of its snapshots against the graph's. */
async function walk({ machine, input }: Model, path: Path): Promise<Walk> {
  const timers = new Map<string, () => void>()
  const play = playWorkflow(machine, { input, prepare: (actor) => holdTimers(actor, timers) })
  const runs: readonly Walk['runs'][number][] = play.runs
  for (const { event, state } of path.steps as readonly { event: AnyEventObject; state: AnyMachineSnapshot }[]) {
    const run = runs.at(-1)
    if (run && event.type.startsWith('xstate.done.')) {
      run.ended = 'done'
      await play.succeed(event['output'])
    } else if (run && event.type.startsWith('xstate.error.')) {
      run.ended = 'failed'
      await play.fail(event['error'])
    } else if (event.type.startsWith('xstate.after.')) fire(timers, event.type)
    else if (event.type !== 'xstate.init') play.send(event)
    const actual = seen(play.actor.getSnapshot() as AnyMachineSnapshot)
    // The matcher explains a difference, but takes most of the time where there is none.
    if (!isDeepStrictEqual(actual, seen(state))) expect(actual).toStrictEqual(seen(state))
  }
  const { value, context } = play.actor.getSnapshot() as AnyMachineSnapshot
  return { runs, state: nameOf(value), context }
}

/** What a workflow promises, and whether a walk kept it. */
export type Promises = Readonly<Record<string, boolean>>

export const implies = (condition: boolean, consequence: boolean): boolean => !condition || consequence

/** Walks all paths, holds each against the promises of its workflow, and returns the states in which they end. */
export async function walkAll(
  model: Model,
  paths: readonly Path[],
  promises: (walk: Walk, path: Path) => Promises,
): Promise<string[]> {
  const ends = new Set<string>()
  for (const path of paths) {
    const went = await walk(model, path)
    const running = went.runs.filter(({ ended, signal }) => ended === undefined && !signal.aborted)
    const kept: Promises = {
      'one handler runs at a time, and what nobody waits for is aborted': running.length <= 1,
      ...promises(went, path),
    }
    const broken = Object.keys(kept).filter((promise) => !kept[promise])
    expect({ path: broken.length > 0 ? eventsOn(path) : [], broken }).toEqual({ path: [], broken: [] })
    ends.add(went.state)
  }
  return [...ends].toSorted()
}

/** A path fires timers in any order, whatever their delays: a deadline may come before a reminder. So the walk has them in its hand. */
function holdTimers(actor: Actor<AnyStateMachine>, timers: Map<string, () => void>): void {
  Object.assign(actor.system, {
    scheduler: {
      schedule: (_source: unknown, target: { send(event: AnyEventObject): void }, event: AnyEventObject) =>
        timers.set(event.type, () => target.send(event)),
      cancel: (_source: unknown, id: string) => timers.delete(id),
      cancelAll: () => {}, // of a handler that has ended: it has none
    },
  })
}

function fire(timers: Map<string, () => void>, type: string): void {
  const timer = timers.get(type)
  // The graph tries every timer everywhere; one that is not set must change nothing, and no path has it.
  if (!timer) throw new Error(`${type} is on the path, and no such timer is set`)
  timers.delete(type)
  timer()
}
