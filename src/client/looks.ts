import type { QueueRuntime } from '../engine/runtime.ts'
import { hasCode } from '../errors.ts'
import { DEFAULTS } from '../options.ts'
import { partitionOf } from '../store/keys.ts'
import type { Glance } from '../store/store.ts'

/** What a look at a message found: where it stands, `missing`, or `away` when Redis did not answer. */
export type Look = Glance | 'missing' | 'away'

/** Looks at messages for all in this process who wait for one: together, in batches, one at a time. */
export interface Looks {
  /** Looks now. Rejects with what Redis refuses. */
  look(id: string): Promise<Look>
  /** Looks at a message again and again, less and less often, and seldom where many wait; returns how to end that. */
  lookOn(watched: Watched): () => void
  /** Looks that were answered; it stands still while Redis is away. */
  readonly answered: number
}

export interface Watched {
  readonly id: string
  seen(look: Look): void
}

interface Waiting {
  resolve(look: Look): void
  reject(error: unknown): void
}

/** Messages that are looked at in one go. */
const BATCH = 200
/** Messages looked at in a second, for all who wait longer than that. */
const BUDGET = 200
/** Seconds between two looks: each time the next one. */
const PAUSES = [1, 2, 4, 8]

export function createLooks(queue: QueueRuntime): Looks {
  let waiting = new Map<string, Waiting[]>()
  let busy = false
  let answered = 0

  async function drain(): Promise<void> {
    busy = true
    // In the same tick others will ask too.
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (waiting.size > 0) await lookAt([...waiting.keys()].slice(0, BATCH))
    busy = false
  }

  async function lookAt(ids: readonly string[]): Promise<void> {
    const those = new Map(ids.map((id) => [id, waiting.get(id)!]))
    for (const id of ids) waiting.delete(id)
    try {
      for (const [index, some] of byPartition(ids)) {
        const found = await queue.store.glance(queue.partitions[index]!, some)
        answered += some.length
        some.forEach((id, i) => {
          for (const { resolve } of those.get(id)!) resolve(found[i] ?? 'missing')
          those.delete(id)
        })
      }
    } catch (error) {
      const away = hasCode(error, 'E_REDIS_UNAVAILABLE')
      // Whoever else has asked would wait as long for the same answer.
      const all = away ? [...those, ...waiting] : [...those]
      if (away) waiting = new Map()
      for (const { resolve, reject } of all.flatMap(([, each]) => each)) {
        if (away) resolve('away')
        else reject(error)
      }
    }
  }

  function byPartition(ids: readonly string[]): ReadonlyMap<number, string[]> {
    const groups = new Map<number, string[]>()
    for (const id of ids) {
      const { index } = partitionOf(queue.name, id, queue.partitions.length)
      const group = groups.get(index)
      if (group) group.push(id)
      else groups.set(index, [id])
    }
    return groups
  }

  function look(id: string): Promise<Look> {
    return new Promise((resolve, reject) => {
      const those = waiting.get(id)
      if (those) those.push({ resolve, reject })
      else waiting.set(id, [{ resolve, reject }])
      if (!busy) void drain()
    })
  }

  return {
    look,
    lookOn: createRounds(queue, look),
    get answered() {
      return answered
    },
  }
}

/** A round a second over those whose turn it is, at most so many as the budget allows. */
function createRounds({ clock, closed }: QueueRuntime, look: Looks['look']): Looks['lookOn'] {
  const lanes = PAUSES.map(() => new Map<Watched, number>())
  let round = 0
  let cancel: (() => void) | undefined

  async function go(): Promise<void> {
    cancel = undefined
    if (closed.aborted) return
    round++
    await Promise.all(takeTurns().map(async ([watched, lane]) => turn(watched, lane)))
    start()
  }

  function takeTurns(): [Watched, number][] {
    const turns: [Watched, number][] = []
    for (const [n, lane] of lanes.entries())
      for (const [watched, due] of lane) {
        if (due > round || turns.length === BUDGET) break
        turns.push([watched, n])
      }
    return turns
  }

  async function turn(watched: Watched, n: number): Promise<void> {
    const next = Math.min(n + 1, PAUSES.length - 1)
    lanes[n]!.delete(watched)
    lanes[next]!.set(watched, round + PAUSES[next]!)
    const found = await look(watched.id).catch((): Look => 'away')
    if (lanes[next]!.has(watched)) watched.seen(found)
  }

  function start(): void {
    if (cancel || lanes.every(({ size }) => size === 0)) return
    cancel = clock.after(DEFAULTS.maxSleep, () => void go())
  }

  return (watched) => {
    lanes[0]!.set(watched, round + 1)
    start()
    return () => {
      for (const lane of lanes) lane.delete(watched)
      if (!lanes.every(({ size }) => size === 0)) return
      cancel?.()
      cancel = undefined
    }
  }
}
