import { randomBytes } from 'node:crypto'
import type { QueueRuntime } from '../engine/runtime.ts'
import { DEFAULTS } from '../options.ts'
import type { CommitGroup, Round, RoundRequest } from '../store/round.ts'
import type { Partition } from '../store/store.ts'

/** Sends rounds, again and again until they are answered: the token stays, so what was done is told and not done twice. */
export interface RoundCaller {
  /** Resolves with nothing when it was closed before the store answered. */
  call(
    partition: Partition,
    what: { readonly limit: number; readonly groups: readonly CommitGroup[] },
  ): Promise<(Round & { readonly token: string }) | undefined>
  close(): void
}

export function createRoundCaller(
  queue: QueueRuntime,
  { worker, recipe }: Pick<RoundRequest, 'worker' | 'recipe'>,
): RoundCaller {
  const tokens = createTokens()
  /** Answered, and not forgotten by the store yet. */
  const answered: string[] = []
  let closed = false

  async function persist(partition: Partition, request: RoundRequest): Promise<Round | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await queue.store.round(partition, request)
      } catch (error) {
        queue.log.commitFailed(queue.name, error)
        if (closed) return undefined
        await new Promise<void>((resolve) => queue.clock.after(Math.min(50 * 2 ** attempt, DEFAULTS.maxSleep), resolve))
      }
    }
  }

  return {
    async call(partition, { limit, groups }) {
      const token = tokens()
      const forgotten = answered.shift()
      const round = await persist(partition, {
        token,
        worker,
        limit,
        groups,
        lease: queue.settings.lease,
        ...(recipe ? { recipe } : {}),
        ...(forgotten === undefined ? {} : { answered: forgotten }),
      })
      if (!round) return undefined
      if (round.started.length > 0 || groups.length > 0) answered.push(token)
      queue.clock.sync?.(round.now)
      return { ...round, token }
    },
    close: () => {
      closed = true
    },
  }
}

/** 32 hexadecimal characters each, as Redlock has them; the system is asked for many at a time. */
function createTokens(): () => string {
  let pool = ''
  return () => {
    if (pool.length < 32) pool = randomBytes(1024).toString('hex')
    const token = pool.slice(0, 32)
    pool = pool.slice(32)
    return token
  }
}
