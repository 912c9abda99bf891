import { createActor, type AnyActorRef, type AnyMachineSnapshot, type AnyStateMachine, type StateValue } from 'xstate'
import type { Transition } from '../../src/index.ts'
import { stateName } from '../../src/engine/state-name.ts'

/** A history of one message, taken through XState itself, step by step. */
export interface Replay {
  readonly state: string
  readonly status: string
  readonly settled: boolean
  /** Invocations that a worker is to run now, and all that ever were. */
  readonly running: number
  /** Timers that are set now: when each is due. */
  readonly timers: readonly number[]
  /** Takes a step that was recorded. Returns what is wrong with it, if anything is, and how late its timer was. */
  take(step: Transition, at: number): { readonly wrong?: string; readonly late?: number }
}

interface PendingTimer {
  readonly type: string
  readonly due: number
  fire(): void
}

/** A live actor whose clock stands still, and whose promises never end: only what was recorded happens to it. */
export function replay(machine: AnyStateMachine, input: object, first: Transition, at: number): Replay | string {
  const timers = new Map<number, PendingTimer>()
  const seen = new WeakSet<object>()
  let now = at
  let count = 0
  const clock = {
    setTimeout(fire: () => void, delay: number): number {
      const type = newestTimer(actor, seen)
      timers.set(++count, { type, due: now + Math.max(0, Math.round(delay)), fire })
      return count
    },
    clearTimeout: (id: number) => void timers.delete(id),
  }
  const actor: AnyActorRef = createActor(machine, { input, clock })
  actor.subscribe({ error() {} })
  actor.start()
  function snapshot(): AnyMachineSnapshot {
    const now: AnyMachineSnapshot = actor.getSnapshot()
    return now
  }
  const state = (): string => stateName(snapshot().value as StateValue)
  if (first.event !== 'init' || first.to !== state()) return `begins by "${first.event}" in "${first.to}"`

  /** Hands the recorded event to whom it is for. */
  function happen(step: Transition): { wrong?: string; late?: number } {
    const [kind, name] = split(step.event)
    if (kind === 'after') {
      const [id, timer] = dueFirst(timers, name) ?? []
      if (!timer) return { wrong: `no timer "${name}" is set in "${state()}"` }
      timers.delete(id!)
      timer.fire()
      return { late: now - timer.due }
    }
    // Its worker was lost, and it is run again: the machine hears of nothing.
    if (kind === 'lost') return {}
    if (kind === 'event') {
      const told = step.emitted?.[0]
      actor.send({ ...told, type: name })
      return {}
    }
    const path = name.startsWith('@') ? name.slice(1).split('/').map(decodeURIComponent) : [name]
    const parent = path.slice(0, -1).reduce<AnyActorRef | undefined>((ref, id) => childOf(ref, id), actor)
    const child = childOf(parent, path.at(-1)!)
    if (!parent || !child) return { wrong: `"${name}" is not running in "${state()}"` }
    const result = kind === 'done' ? { output: step.output } : { error: step.error }
    parent.send({ type: `xstate.${kind}.actor.${path.at(-1)!}`, actorId: path.at(-1)!, ...result })
    return {}
  }

  return {
    get state() {
      return state()
    },
    get status() {
      return snapshot().status
    },
    get settled() {
      return snapshot().status !== 'active' || snapshot().hasTag('settled')
    },
    get running() {
      return countRunning(actor)
    },
    get timers() {
      return snapshot().status === 'active' ? [...timers.values()].map(({ due }) => due) : []
    },
    take(step, at) {
      now = at
      if (snapshot().status !== 'active') return { wrong: `"${step.event}" after its end` }
      if (step.from !== state()) return { wrong: `"${step.event}" leaves "${step.from}", but it was in "${state()}"` }
      const { wrong, late } = happen(step)
      if (wrong !== undefined) return { wrong }
      if (state() !== step.to || snapshot().status !== step.status)
        return { wrong: `"${step.event}" leads from "${step.from}" to "${state()}", not to "${step.to}"` }
      return late === undefined ? {} : { late }
    },
  }
}

function split(event: string): ['after' | 'done' | 'error' | 'lost' | 'event', string] {
  const [, kind, name] = /^(after|done|error|lost) (.*)$/s.exec(event) ?? []
  return kind === undefined ? ['event', event] : [kind as 'after', name!]
}

const childOf = (parent: AnyActorRef | undefined, id: string): AnyActorRef | undefined =>
  (
    (parent?.getSnapshot() as Partial<AnyMachineSnapshot> | undefined)?.children as
      | Record<string, AnyActorRef>
      | undefined
  )?.[id]

function countRunning(actor: AnyActorRef): number {
  const { children, status } = actor.getSnapshot() as Partial<AnyMachineSnapshot>
  if (children === undefined) return status === 'active' ? 1 : 0
  if (status !== 'active') return 0
  return Object.values(children as Record<string, AnyActorRef>).reduce((sum, child) => sum + countRunning(child), 0)
}

/** XState notes a delayed event in its system right before it asks the clock for it. */
function newestTimer(actor: AnyActorRef, seen: WeakSet<object>): string {
  const { _scheduledEvents: scheduled } = actor.system.getSnapshot() as {
    _scheduledEvents: Record<string, { event: { type: string } }>
  }
  for (const entry of Object.values(scheduled)) {
    if (seen.has(entry)) continue
    seen.add(entry)
    return entry.event.type
  }
  return ''
}

/** A label is the beginning of what follows `xstate.after.`: the feed leaves out the state that a root's timer belongs to. */
function dueFirst(timers: ReadonlyMap<number, PendingTimer>, name: string): [number, PendingTimer] | undefined {
  return [...timers]
    .filter(([, { type }]) => `${type}.`.startsWith(`xstate.after.${name}.`))
    .toSorted(([, a], [, b]) => a.due - b.due)[0]
}
