import type { Round } from '../store/round.ts'
import type { Partition } from '../store/store.ts'
import { createQuickEnds, type QuickEnd } from './quick-end.ts'
import type { Start } from '../step/recipe.ts'
import type { RoundCaller } from './round-caller.ts'

/** Rounds under way at a time for each partition: while one is answered, the other fills up. */
export const ROUNDS = 2
/** Commits in one round, and bytes of their outputs. */
const MOST = { ends: 200, bytes: 256 * 1024 } as const

export interface QuickRoundsOptions {
  readonly partition: Partition
  readonly ending: Start['ending']
  readonly caller: RoundCaller
  /** How many messages may be asked for now. */
  limit(): number
  /** So many were asked for, or fewer again. */
  asked(change: number): void
  /** The ends are in the order of the statuses. */
  answered(round: Round & { readonly token: string }, ends: readonly QuickEnd[]): void
  /** Places have become free. */
  freed(): void
  /** A round is over. */
  rested(): void
}

/** The rounds of one partition: each commits what has ended since the one before it, and asks for the next messages. */
export interface QuickRounds {
  /** Whether nothing waits for a round, and none is under way. */
  readonly isIdle: boolean
  add(fence: string, end: QuickEnd): void
  /** Asks for messages. Resolves to whether as many came as could be taken, or to nothing where a round asks by itself. */
  ask(): Promise<boolean | undefined>
  /** Lets nobody wait for a Redis that is away. */
  stop(): void
  /** Drops what was not committed: the leases end by themselves. */
  close(): void
}

export function createQuickRounds(options: QuickRoundsOptions): QuickRounds {
  const { partition, caller, limit } = options
  const ends = createQuickEnds(options.ending)
  const askers = new Set<(found: undefined) => void>()
  let busy = 0
  let isScheduled = false
  /** More was due than could be taken. */
  let isHungry = false

  /** After the callbacks of this turn: the handlers of one round that end in it are committed together. */
  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      options.freed()
      drain()
    })
  }

  function drain(): void {
    while (busy < ROUNDS && (ends.count > 0 || (isHungry && limit() > 0))) void round()
  }

  async function round(): Promise<boolean> {
    const places = limit()
    const { groups, ends: sent } = ends.take()
    busy++
    options.asked(places)
    const answer = await caller.call(partition, { limit: places, groups })
    busy--
    options.asked(-places)
    if (answer) {
      if (places > 0) isHungry = answer.started.length === places
      options.answered(answer, sent)
      if (ends.count > 0 || isHungry) schedule()
    }
    options.rested()
    return isHungry
  }

  return {
    get isIdle() {
      return ends.count === 0 && busy === 0
    },
    add(fence, end) {
      ends.add(fence, end)
      if (ends.count >= MOST.ends || ends.bytes >= MOST.bytes) drain()
      schedule()
    },
    ask() {
      isHungry ||= busy === ROUNDS
      if (busy === ROUNDS || limit() === 0) return Promise.resolve(undefined)
      return new Promise((resolve) => {
        askers.add(resolve)
        void round().then((found) => {
          askers.delete(resolve)
          resolve(found)
        })
      })
    },
    stop() {
      for (const resolve of askers) resolve(undefined)
    },
    close() {
      ends.take()
    },
  }
}
