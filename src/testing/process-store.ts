import type { MemoryStore } from '../store/memory-store.ts'
import type {
  ClaimedMessage,
  CommitBatch,
  CommitEntry,
  CommitResult,
  Partition,
  StoreListener,
} from '../store/store.ts'
import { pointsOf } from './crash-point.ts'
import { never, type ProcessLife } from './process-life.ts'
import { clockOf } from './timeline.ts'
import type { World } from './world.ts'

/** The store as one worker process reaches it: when the process is dead nothing arrives, and no answer comes back. */
export function createProcessStore(world: World, life: ProcessLife): MemoryStore {
  const { store, turns, activity } = world

  async function reach<T>(call: () => Promise<T>): Promise<T> {
    if (life.dead) return never()
    const answer = await call()
    return life.dead ? never() : answer
  }

  const passed = <Args extends unknown[], T>(call: (...args: Args) => Promise<T>) => {
    return (...args: Args): Promise<T> => reach(() => call(...args))
  }

  /** Whatever the port has: what is nothing special is a sign of life, and ends with the process. */
  const calls = Object.entries(store).filter(([, call]) => typeof call === 'function')
  const others = calls.map(([name, call]) => {
    const stirring = (...args: never[]): Promise<unknown> => {
      activity.stir()
      return (call as (...args: never[]) => Promise<unknown>)(...args)
    }
    return [name, passed(stirring)] as const
  })

  return {
    ...store,
    ...Object.fromEntries(others),
    clock: clockOf(world.timeline, world.chance, life),
    claim: passed(async (partition, request) => {
      const now = world.timeline.now()
      const limit = Math.min(request.limit, turns.left(partition))
      const { next = Infinity } = await store.stats(partition)
      if (limit === 0 || next > now) return { now, messages: [], ...(next > now ? { next } : {}) }
      if (life.comesTo('before-claim', partition.queue, [])) return never()
      const claim = await store.claim(partition, { ...request, limit })
      turns.use(claim.messages.length)
      if (claim.messages.length > 0) taken(partition, claim.messages, request.lease)
      return claim
    }),
    // It starts nothing: each message goes the plain way, on which a worker can die between the claim and the start.
    round: passed(async (partition) => {
      const now = world.timeline.now()
      const { next } = await store.stats(partition)
      const when = next === undefined ? {} : { next }
      return { now, ...when, others: next !== undefined && next <= now, statuses: [], started: [] }
    }),
    commit: passed(async (partition, batch) => {
      activity.stir()
      for (const entry of batch.entries) visit(partition, entry, 'before')
      if (life.dead) return never()
      const answer = await store.commit(partition, batch)
      written(partition, batch, answer.results)
      return answer
    }),
    // Told of itself every two seconds, whatever happens: no sign of life.
    report: passed(async (queue, worker, text) => store.report(queue, worker, text)),
    heartbeat: passed(async (partition, lease, beats) => store.heartbeat(partition, lease, beats)),
    subscribe: passed(async (partition, listener) => {
      const end = await store.subscribe(partition, whileItMay(listener))
      life.whenKilled(() => void end())
      return end
    }),
    lock: (partition, id, token, ms, held) => !life.dead && store.lock(partition, id, token, ms, held),
    close: async () => {},
  }

  function taken({ queue, index }: Partition, messages: readonly ClaimedMessage[], lease: number): void {
    activity.stir()
    for (const { id } of messages) life.hold({ queue, index, id, lease, given: false })
    life.comesTo(
      'after-claim',
      queue,
      messages.map(({ id }) => id),
    )
  }

  function written(
    { queue, index }: Partition,
    { lease, entries }: CommitBatch,
    results: readonly CommitResult[],
  ): void {
    entries.forEach((entry, i) => {
      const { status } = results[i]!
      turns.step(queue, entry.id)
      if (status === 'applied' && entry.disposal === 'keep')
        life.hold({ queue, index, id: entry.id, lease, given: false })
      else life.letGo(index, entry.id)
      if (status === 'applied') visit({ queue, index }, entry, 'after')
    })
  }

  function visit({ queue }: Partition, entry: CommitEntry, side: 'before' | 'after'): void {
    for (const point of pointsOf(entry)[side]) life.comesTo(point, queue, [entry.id])
  }

  /** What is announced while the test has the word is heard of when it gives it back. */
  function whileItMay(listener: StoreListener): StoreListener {
    let mail: [string, string][] = []
    life.whenRoused(() => {
      for (const [id, worker] of mail) listener.mail?.(id, worker)
      mail = []
      listener.wake?.(world.timeline.now())
    })
    return {
      ...listener,
      wake: (due) => {
        if (turns.given) listener.wake?.(due)
      },
      mail: (id, worker) => {
        if (turns.given) listener.mail?.(id, worker)
        else mail.push([id, worker])
      },
    }
  }
}
