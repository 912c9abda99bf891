import type { CrashPoint } from './crash-point.ts'
import type { World } from './world.ts'

/** A message under the lease of a process. */
export interface HeldMessage {
  readonly queue: string
  readonly index: number
  readonly id: string
  /** Milliseconds. */
  readonly lease: number
  /** It was waited for, and nothing came: nobody waits for it again before it stirs. */
  given: boolean
}

/** One call of a handler. */
export interface HandlerRun {
  readonly queue: string
  readonly id: string
  /** How many waits for the test, or for its clock, it is in. */
  waits: number
  /** As for a message. */
  given: boolean
}

/**
 * What a worker process does, from its start to its death. When it dies its timers are dropped, its calls never reach the store or
 * never return, and its leases end by themselves: that is all that others can see of a death.
 */
export interface ProcessLife {
  readonly name: string
  readonly dead: boolean
  readonly held: ReadonlyMap<string, HeldMessage>
  /** It works on some message, and not only with handlers that wait for the test. */
  readonly busy: boolean
  /** Messages whose handlers wait. */
  readonly waiting: readonly HeldMessage[]
  hold(message: HeldMessage): void
  letGo(index: number, id: string): void
  /** What it works on is waited for no longer. */
  giveUp(): void
  began(run: HandlerRun): void
  /** Resolves when the result may be told. */
  ended(run: HandlerRun): Promise<void>
  /** Whether it dies at this point. */
  comesTo(point: CrashPoint, queue: string, ids: readonly string[]): boolean
  kill(): void
  /** Looks for what is due, and hears of what came while the test had the word. */
  rouse(): void
  whenRoused(action: () => void): void
  whenKilled(action: () => void): void
}

/** A promise that nothing settles: what a dead process waits for. */
export const never = <T>(): Promise<T> => new Promise<T>(() => {})

export function createLife(world: World, name: string, died: () => void): ProcessLife {
  const held = new Map<string, HeldMessage>()
  const runs = new Set<HandlerRun>()
  const rousings = new Set<() => void>()
  const endings = new Set<() => void>()
  let dead = false

  const runsOf = ({ queue, id }: HeldMessage): HandlerRun[] =>
    [...runs].filter((run) => run.queue === queue && run.id === id)

  /** Without a handler it is an action, or a commit, that is under way. */
  function isBusy(message: HeldMessage): boolean {
    const own = runsOf(message)
    return own.length === 0 ? !message.given : own.some(({ waits, given }) => waits === 0 && !given)
  }

  const life: ProcessLife = {
    name,
    held,
    get dead() {
      return dead
    },
    get busy() {
      return [...held.values()].some(isBusy)
    },
    get waiting() {
      return [...held.values()].filter((message) => runsOf(message).length > 0 && !isBusy(message))
    },
    hold: (message) => void held.set(`${message.index}:${message.id}`, message),
    letGo: (index, id) => void held.delete(`${index}:${id}`),
    giveUp() {
      for (const each of [...held.values(), ...runs]) each.given = true
    },
    began(run) {
      runs.add(run)
      world.activity.stir()
    },
    async ended(run) {
      run.given = false
      await world.turns.whenGiven()
      runs.delete(run)
      world.activity.stir()
      if (dead) await never()
    },
    comesTo(point, queue, ids) {
      const site = { queue, ids, worker: name, at: world.timeline.now() }
      if (dead || !world.crashes.reach(point, site)) return false
      life.kill()
      died()
      return true
    },
    kill() {
      dead = true
      world.timeline.drop(life)
      for (const action of endings) action()
      for (const each of [held, runs, rousings, endings]) each.clear()
      world.activity.stir()
    },
    rouse: () => rousings.forEach((action) => action()),
    whenRoused: (action) => void rousings.add(action),
    whenKilled: (action) => void endings.add(action),
  }
  return life
}
