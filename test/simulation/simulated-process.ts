import { SyncedClock, type Clock } from '../../src/clock.ts'
import { START, type World } from './world.ts'

/**
 * A process that is not one. It dies between two of its steps: what it has sent may still arrive, and nothing else of it happens
 * any more. All that a process does to others it does by calls, so to die in the midst of a step looks from without like to die
 * before the step, or after some of the calls of the step have been sent.
 */
export interface SimulatedProcess {
  readonly name: string
  readonly alive: boolean
  /** As this process knows it: of its own rate, and corrected by the replies of the server. */
  readonly clock: Clock
  /** Goes on with `action`, unless the process dies first; later, when it stands still. */
  resume(action: () => void): void
  /** Resolves after so many milliseconds of its own clock; never in a dead process. */
  sleep(ms: number): Promise<void>
  /** Whether it dies here. */
  comesToDie(): boolean
  kill(): void
  /** Ends in an orderly way. */
  exit(): void
  whenEnded(action: (killed: boolean) => void): void
}

/** What a dead process waits for. */
export const never = <T>(): Promise<T> => new Promise<T>(() => {})

export function createProcess(world: World, name: string): SimulatedProcess {
  const { scheduler } = world
  const endings: ((killed: boolean) => void)[] = []
  let alive = true
  let frozenUntil = 0
  // Crystals are off by up to 200 parts in a million; a wall clock by anything, until the first reply.
  const rate = 1 + world.between(-2e-4, 2e-4)
  const wall = world.chance() < 0.3 ? world.between(-3_600_000, 3_600_000) : 0
  const steady = (): number => scheduler.now * rate
  const synced = new SyncedClock(steady, () => START + steady() + wall)

  function resume(action: () => void): void {
    if (!alive) return
    if (scheduler.now < frozenUntil) {
      scheduler.schedule(frozenUntil - scheduler.now, () => resume(action))
      return
    }
    if (world.strikes('freeze')) {
      frozenUntil = scheduler.now + world.between(500, 12_000)
      world.trace(`${name} freezes until ${frozenUntil.toFixed(3)}`)
      return resume(action)
    }
    if (!process.comesToDie()) action()
  }

  const process: SimulatedProcess = {
    name,
    get alive() {
      return alive
    },
    clock: {
      now: () => synced.now(),
      sync: (remoteNow) => synced.sync(remoteNow),
      random: world.chance,
      after: (ms, callback) => scheduler.schedule(Math.max(0, ms) / rate, () => resume(callback)),
    },
    resume,
    sleep: (ms) => new Promise((resolve) => void process.clock.after(ms, resolve)),
    comesToDie() {
      if (!alive) return true
      if (world.strikes('crash')) process.kill()
      return !alive
    },
    kill: () => end(true),
    exit: () => end(false),
    whenEnded: (action) => void endings.push(action),
  }

  function end(killed: boolean): void {
    if (!alive) return
    alive = false
    world.trace(`${name} ${killed ? 'dies' : 'exits'}`)
    for (const action of endings) action(killed)
  }
  return process
}
