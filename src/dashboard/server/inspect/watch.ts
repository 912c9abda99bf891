import { countStates, listMessages } from '../../../client/reader.ts'
import { readFeed } from '../../../client/feed.ts'
import { storeToSee } from '../../../engine/redacted-store.ts'
import type { QueueRuntime } from '../../../engine/runtime.ts'
import { sessionOf, type Kin, type MessageRef } from '../../../inspect/wire/message-wire.ts'
import type { WireMessage } from '../../../inspect/wire/wire-message.ts'
import { partitionOf } from '../../../store/keys.ts'
import type { ListedMessage } from '../../../store/store.ts'
import { createFollower, MOST, type Follower } from './follower.ts'
import type { Show } from '../plain.ts'

export interface WatchOptions {
  /** One message; without it, those of the queue that wait or move. */
  readonly id?: string | undefined
  readonly show: Show
  readonly signal: AbortSignal
  tell(messages: readonly WireMessage[]): void
  /** The queue of a child message. @throws where its machine is not here, or it may not be seen: it is not followed then. */
  runtimeOf(child: MessageRef): Promise<QueueRuntime>
}

/** Messages of each state that are shown before anything moves. */
const OF_A_STATE = 10
/** Queues in which children are followed. */
const QUEUES = 20
/** Children that are looked for at all. */
const ASKED = 10_000

/**
 * Tells what is stored of messages and of their children, and then what becomes of them, until the signal. The feed only says that there is
 * something new; what it is, the message itself says.
 * @throws RedriveError `E_FEED_GAP` for a watcher that was left too far behind
 */
export async function watchMessages(runtime: QueueRuntime, options: WatchOptions): Promise<void> {
  const failed = new AbortController()
  const signal = AbortSignal.any([options.signal, failed.signal])
  const followers = new Map<string, Promise<Follower | undefined>>()
  const asked = new Set<string>()
  const readings: Promise<void>[] = []

  async function open(whole: QueueRuntime): Promise<Follower> {
    const queue = { ...whole, store: storeToSee(whole) }
    const { store, partitions } = queue
    await queue.reachable()
    // Before the first look: what happens during it is then looked at twice, and not missed.
    const ends = await Promise.all(partitions.map((partition) => store.feedEnd(partition)))
    const isWhole = queue.name === runtime.name && options.id === undefined
    const follower = createFollower(queue, {
      show: options.show,
      tell: options.tell,
      signal,
      isWhole,
      adopt: (child, kin) => void adopt(child, kin),
    })
    readings.push(read(queue, ends.join(','), follower).catch((error: unknown) => failed.abort(error)))
    return follower
  }

  async function read(queue: QueueRuntime, from: string, follower: Follower): Promise<void> {
    for await (const transition of readFeed(queue, { from, signal })) follower.hear(transition)
  }

  /** A child that is not known here, or may not be seen, is not shown; its parent is. */
  async function adopt(child: MessageRef, kin: Kin): Promise<void> {
    const key = sessionOf(child)
    if (asked.has(key) || asked.size >= ASKED) return
    asked.add(key)
    const follower = await options.runtimeOf(child).then(followerOf, () => undefined)
    follower?.adopt(child.id, kin)
  }

  function followerOf(queue: QueueRuntime): Promise<Follower | undefined> {
    const known = followers.get(queue.name)
    if (known) return known
    if (followers.size >= QUEUES || signal.aborted) return Promise.resolve(undefined)
    const opened = open(queue).catch(() => undefined)
    followers.set(queue.name, opened)
    return opened
  }

  const opening = open(runtime)
  followers.set(runtime.name, opening)
  const follower = await opening
  for (const found of await present(runtime, options.id)) follower.meet(found)
  for (let begun = 0; begun < readings.length; begun++) await readings[begun]
  if (failed.signal.aborted) throw failed.signal.reason
}

async function present(runtime: QueueRuntime, id: string | undefined): Promise<ListedMessage[]> {
  const { name, store, partitions, machine } = runtime
  if (id !== undefined)
    return (await store.read(partitionOf(name, id, partitions.length), [id])).flatMap((found) => found ?? [])
  const { states } = await countStates(store, partitions)
  const live = Object.keys(states).filter((state) => !machine.tags(state).includes('settled'))
  const pages = await Promise.all(
    live.map((state) => listMessages(store, partitions, { state, limit: OF_A_STATE, newestFirst: true })),
  )
  return pages.flat().slice(0, MOST)
}
