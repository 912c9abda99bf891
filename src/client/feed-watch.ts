import type { QueueRuntime } from '../engine/runtime.ts'
import { hasCode, RedriveError } from '../errors.ts'
import { readTransitions, type FeedTuple } from '../events/transition-text.ts'
import { DEFAULTS } from '../options.ts'
import type { FeedEntry, Partition } from '../store/store.ts'
import { onAbort } from './abort.ts'
import { createBell, positionText, readPage, ringOnNews, startPlaces, type Place } from './feed-page.ts'
import { createLargeTexts, type LargeTexts } from './large-texts.ts'

/** A transition of a message that somebody watches. */
export interface Heard {
  readonly tuple: FeedTuple
  readonly partition: Partition
  /** Of its entry. */
  readonly entry: string
  /** From which a reader of the feed goes on after it. */
  readonly position: string
}

export interface Watcher {
  hear(heard: Heard): void
  /** Entries are missing from the feed: what the message did meanwhile, only the message says. */
  missed(error: RedriveError): void
  /** The client was closed, or Redis refuses what a reader needs. */
  end(error: unknown): void
}

/**
 * One reader of the feed for all in this process who wait for single messages of a queue: each entry is read once, and each transition goes
 * to those alone who watch its message.
 */
export interface FeedWatch {
  /** Watches a message from now on; returns how to end that. */
  watch(id: string, watcher: Watcher): () => void
  /** Resolves when all that is committed from then on will be heard. @throws what keeps the queue from being read */
  ready(): Promise<void>
  /** Resolves when all is heard that was committed before, as far as Redis answers. */
  catchUp(): Promise<void>
  /** Large texts that were announced for watched messages. */
  readonly large: LargeTexts
}

const PAGE = 20
/** Milliseconds of work after which others have their turn. */
const SLICE = 10

export function createFeedWatch(queue: QueueRuntime): FeedWatch {
  const watchers = new Map<string, Set<Watcher>>()
  const bell = createBell(queue)
  const large = createLargeTexts()
  let opening: Promise<void> | undefined
  /** Who waits until nothing is left to read. */
  let behind: (() => void)[] = []
  let stopListening = (): void => {}

  function watch(id: string, watcher: Watcher): () => void {
    if (watchers.size === 0) stopListening = onAbort(queue.closed, () => void endAll(closed()))
    const those = watchers.get(id) ?? new Set()
    watchers.set(id, those.add(watcher))
    return () => {
      those.delete(watcher)
      if (those.size > 0 || watchers.get(id) !== those) return
      watchers.delete(id)
      large.forget(id)
      if (watchers.size === 0) stopListening()
    }
  }

  const closed = (): RedriveError =>
    new RedriveError('E_CLOSED', `the client was closed; the messages of "${queue.name}" go on.`)

  /** In slices: of thousands, each makes an error, and whoever waits for it goes on. */
  async function endAll(error: unknown): Promise<void> {
    bell.ring()
    const yielding = createYielding()
    for (const those of watchers.values())
      for (const watcher of those) {
        watcher.end(error)
        await yielding()
      }
  }

  async function open(): Promise<void> {
    await queue.reachable()
    for (;;) {
      try {
        const places = await startPlaces(queue, 'now')
        return void run(places)
      } catch (error) {
        // It was here before: a Redis that is away for a while is no reason to give up a wait.
        if (!hasCode(error, 'E_REDIS_UNAVAILABLE') || queue.closed.aborted || watchers.size === 0) throw error
      }
      bell.reset()
      await bell.wait(DEFAULTS.maxSleep)
    }
  }

  async function run(places: Place[]): Promise<void> {
    const endNews = ringOnNews(queue, bell, (error) => {
      if (!queue.closed.aborted) void endAll(error)
    })
    const endLarge = listenForLarge()
    while (watchers.size > 0 && !queue.closed.aborted) {
      bell.reset()
      const asking = behind
      behind = []
      const found = await readOn(places)
      if (found === PAGE) behind.push(...asking)
      else for (const done of asking) done()
      if (found === 0) await bell.wait(DEFAULTS.maxSleep)
    }
    for (const done of behind) done()
    behind = []
    // In the same turn: whoever comes now opens it anew.
    opening = undefined
    endNews()
    endLarge()
  }

  function listenForLarge(): () => void {
    const ends = queue.partitions.map((partition) =>
      queue.store.subscribe(partition, {
        large(_position, name, text) {
          if (watchers.has(large.idOf(name))) large.put(name, text)
        },
      }),
    )
    for (const end of ends) end.catch(() => {})
    return () => {
      for (const end of ends) end.then((stop) => stop()).catch(() => {})
    }
  }

  /** A page of each partition; returns how many entries the fullest of them had. */
  async function readOn(places: Place[]): Promise<number> {
    let most = 0
    for (const [i, partition] of queue.partitions.entries()) {
      try {
        const yielding = createYielding()
        const page = await readPage(queue, i, places[i]!.after, PAGE)
        most = Math.max(most, page.length)
        for (const entry of page) {
          tell(places, i, partition, entry)
          await yielding()
        }
      } catch (error) {
        await passGap(places, i, error as RedriveError)
      }
    }
    return most
  }

  function tell(places: Place[], i: number, partition: Partition, { at, text, position: entry }: FeedEntry): void {
    const { after } = places[i]!
    const tuples = readTransitions(queue.name, at, text)
    for (const [n, tuple] of tuples.entries()) {
      const those = watchers.get(tuple.id)
      if (!those) continue
      places[i] = n === tuples.length - 1 ? { after: entry, seen: 0 } : { after, seen: n + 1 }
      const heard = { tuple, partition, entry, position: positionText(places) }
      for (const watcher of those) watcher.hear(heard)
    }
    places[i] = { after: entry, seen: 0 }
  }

  async function passGap(places: Place[], i: number, error: RedriveError): Promise<void> {
    try {
      places[i] = { after: await queue.store.feedEnd(queue.partitions[i]!), seen: 0 }
    } catch {
      // Redis is away: it is the same gap with the next look.
      return
    }
    for (const those of watchers.values()) for (const watcher of those) watcher.missed(error)
  }

  return {
    watch,
    large,
    catchUp: () =>
      new Promise((resolve) => {
        if (!opening) return resolve()
        behind.push(resolve)
        bell.ring()
      }),
    ready() {
      opening ??= open().catch((error: unknown) => {
        opening = undefined
        throw error
      })
      return opening
    },
  }
}

/** Lets others have their turn when the work has taken a while. */
function createYielding(): () => Promise<void> | undefined {
  let since = performance.now()
  return () => {
    if (performance.now() - since < SLICE) return undefined
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      since = performance.now()
    })
  }
}
