import { countStates, listMessages } from '../../client/reader.ts'
import { readFeed } from '../../client/feed.ts'
import type { QueueRuntime } from '../../engine/runtime.ts'
import { createMessageWire, type MessageWire } from '../../inspect/wire/message-wire.ts'
import type { WireMessage } from '../../inspect/wire/wire-message.ts'
import type { Transition } from '../../message.ts'
import { partitionOf } from '../../store/keys.ts'
import type { ListedMessage } from '../../store/store.ts'
import type { Show } from './plain.ts'

export interface WatchOptions {
  /** One message; without it, those of the queue that wait or move. */
  readonly id?: string | undefined
  readonly show: Show
  readonly signal: AbortSignal
  tell(messages: readonly WireMessage[]): void
}

/** Milliseconds between two looks at one message. Its journal has what happened between. */
const PAUSE = 100
/** Messages that one watcher follows; of a larger crowd, those that came first. */
const MOST = 100
/** Messages of each state that are shown before anything moves. */
const OF_A_STATE = 10

/** A message that is followed. */
interface Followed {
  readonly wire: MessageWire
  last: Transition
  settled: boolean
  busy: boolean
  again: boolean
}

/**
 * Tells what is stored of messages, and then what becomes of them, until the signal. The feed only says that there is something new;
 * what it is, the message itself says.
 * @throws RedriveError `E_FEED_GAP` for a watcher that was left too far behind
 */
export async function watchMessages(runtime: QueueRuntime, options: WatchOptions): Promise<void> {
  const { store, partitions } = runtime
  const { signal } = options
  await runtime.ready()
  // Before the first look: what happens during it is then looked at twice, and not missed.
  const ends = await Promise.all(partitions.map((partition) => store.feedEnd(partition)))
  const follower = createFollower(runtime, options)
  for (const found of await present(runtime, options.id)) follower.meet(found)
  for await (const transition of readFeed(runtime, { from: ends.join(','), signal })) {
    if (options.id === undefined || transition.id === options.id) follower.hear(transition)
  }
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

function createFollower(runtime: QueueRuntime, { show, signal, tell }: WatchOptions) {
  const { name, store, partitions, versions, clock, log } = runtime
  const followed = new Map<string, Followed>()
  const machineOf = (ref = versions.current.ref) => versions.machines.find((machine) => machine.ref === ref)

  function follow(id: string, last: Transition): Followed | undefined {
    const known = followed.get(id)
    if (known) return known
    if (followed.size >= MOST) {
      const settled = [...followed].find(([, each]) => each.settled && !each.busy)
      if (!settled) return undefined
      followed.delete(settled[0])
    }
    const wire = createMessageWire({ queue: name, machineOf, show })
    const made: Followed = { wire, last, settled: false, busy: false, again: false }
    followed.set(id, made)
    return made
  }

  async function look(id: string, each: Followed): Promise<void> {
    each.again = false
    const [found] = await store.read(partitionOf(name, id, partitions.length), [id])
    if (signal.aborted) return
    if (found) return tell(each.wire.see(found.message))
    each.settled = true
    tell(each.wire.gone(each.last))
  }

  /** One look at a time, and the next one after a pause, if anything was heard meanwhile. */
  async function lookOn(id: string, each: Followed): Promise<void> {
    each.busy = true
    do {
      await look(id, each).catch((error: unknown) => {
        if (signal.aborted) return
        log.feedFailed(name, error)
        each.again = true
      })
      await pause(PAUSE)
    } while (each.again && !signal.aborted)
    each.busy = false
  }

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const cancel = clock.after(ms, done)
      signal.addEventListener('abort', done, { once: true })
      if (signal.aborted) done()
    })

  return {
    meet({ message }: ListedMessage): void {
      const { id, revision, state, enteredAt: at } = message
      const unheard = { queue: name, id, revision, at, event: '', from: null, to: state, tags: [], worker: '' }
      const each = follow(id, { ...unheard, status: 'active' })
      if (each) tell(each.wire.see(message))
    },
    hear(transition: Transition): void {
      const each = follow(transition.id, transition)
      if (!each) return
      each.last = transition
      each.settled = transition.status !== 'active' || transition.tags.includes('settled')
      each.again = true
      if (!each.busy) void lookOn(transition.id, each)
    },
  }
}
