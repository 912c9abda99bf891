import { isDeepStrictEqual } from 'node:util'
import { selfOf } from '../../engine/transition.ts'
import type { EventData } from '../../message.ts'
import { macrostep, MOST_MICROSTEPS } from './macrostep.ts'
import type { Plan } from './plan.ts'
import { Run, type Context, type Mapper, type PlannedStep, type Refusal } from './run.ts'
import type { PlanState } from './state.ts'

/** What the code of a machine has read in a step, beside what its message has of its own. */
export interface Reads {
  /** A value that is the message's input, or a part of it. To hand it on as it is counts for nothing. */
  readonly input: boolean
  readonly clock: boolean
  readonly chance: boolean
}

export interface ObservedStep {
  readonly step: PlannedStep | Refusal
  readonly reads: Reads
}

/** What happens to a message in a state. */
export interface Situation {
  readonly from: PlanState
  readonly context: Context
  readonly event: EventData
  readonly id?: string
}

/**
 * A step of the plan, and what its code has read: another message in the same situation takes the same step if that is nothing. The step is
 * taken three times, for a second one with everything under watch, and a third for what escapes the watch and differs.
 *
 * Not seen: a clock that the code has kept from before (`const { now } = Date`), the time by `node:` modules, and what it remembers itself.
 * @param shared the members of the context that are the input, or parts of it, by reference.
 */
export function observeStep(plan: Plan, situation: Situation, shared: ReadonlySet<string>): ObservedStep {
  const { from, context, event, id } = situation
  const step = plan.step(from, context, event, id)
  const reads = { input: false, clock: false, chance: false }
  if (step.refused !== undefined) return { step, reads }
  const run = new WatchedRun(situation, shared, () => (reads.input = true))
  const watched = watchWorld(reads, () => macrostep(run, from, MOST_MICROSTEPS))
  const again = plan.step(from, context, event, id)
  // A clock that was seen explains what differs.
  if (watched.refused !== undefined || (!reads.clock && !isDeepStrictEqual(again, step))) reads.chance = true
  return { step, reads }
}

/** A run that tells when the code of the machine reads what is shared with the input. */
class WatchedRun extends Run {
  readonly #handler: ProxyHandler<Context>
  #watched: { readonly context: Context; readonly proxy: Context } | undefined

  constructor({ from, context, event, id }: Situation, shared: ReadonlySet<string>, read: () => void) {
    super(from, context, event, selfOf(id))
    const note = (key: string | symbol): void => {
      if (shared.has(String(key))) read()
    }
    this.#handler = {
      get(target, key, receiver) {
        note(key)
        return Reflect.get(target, key, receiver) as unknown
      },
      getOwnPropertyDescriptor(target, key) {
        note(key)
        return Reflect.getOwnPropertyDescriptor(target, key)
      },
    }
  }

  /** The same one for the same context: code may remember what it has found out about it. */
  override get given(): Context {
    if (this.#watched?.context !== this.context)
      this.#watched = { context: this.context, proxy: new Proxy(this.context, this.#handler) }
    return this.#watched.proxy
  }

  override mapInput(mapper: Mapper, key: string | undefined): unknown {
    return key === undefined ? super.mapInput(mapper, key) : this.context[key]
  }
}

type Global = Record<string, unknown>

/** Runs code under clocks and dice that tell when they are asked. It is synchronous, so nobody else gets to see them. */
function watchWorld<T>(reads: { clock: boolean; chance: boolean }, run: () => T): T {
  const clock = (): void => void (reads.clock = true)
  const chance = (): void => void (reads.chance = true)
  const restore = [
    replace(globalThis, 'Date', watchedDate(Date, clock)),
    replace(performance, 'now', heard(performance, 'now', clock)),
    replace(process, 'hrtime', heard(process, 'hrtime', clock)),
    replace(Math, 'random', heard(Math, 'random', chance)),
    replace(crypto, 'randomUUID', heard(crypto, 'randomUUID', chance)),
    replace(crypto, 'getRandomValues', heard(crypto, 'getRandomValues', chance)),
  ]
  try {
    return run()
  } finally {
    for (const each of restore) each()
  }
}

function watchedDate(real: DateConstructor, clock: () => void): DateConstructor {
  return new Proxy(real, {
    construct(target, args, newTarget) {
      if (args.length === 0) clock()
      return Reflect.construct(target, args, newTarget) as object
    },
    apply(target) {
      clock()
      return target()
    },
    get(target, key, receiver) {
      if (key === 'now') clock()
      return Reflect.get(target, key, receiver) as unknown
    },
  })
}

function heard(owner: object, name: string, hear: () => void): unknown {
  return new Proxy((owner as Global)[name] as () => unknown, {
    apply(target, _, args) {
      hear()
      return Reflect.apply(target, owner, args) as unknown
    },
    get(target, key, receiver) {
      hear()
      return Reflect.get(target, key, receiver) as unknown
    },
  })
}

/** Returns what undoes it. */
function replace(owner: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name)
  Object.defineProperty(owner, name, { value, configurable: true, writable: true })
  return () => {
    if (before) Object.defineProperty(owner, name, before)
    else delete (owner as Global)[name]
  }
}
