import type { QueueRuntime } from '../../../engine/runtime.ts'
import {
  createMessageWire,
  sessionOf,
  type Kin,
  type MessageRef,
  type MessageWire,
} from '../../../inspect/wire/message-wire.ts'
import type { WireMessage } from '../../../inspect/wire/wire-message.ts'
import type { Transition } from '../../../message.ts'
import { partitionOf } from '../../../store/keys.ts'
import type { ListedMessage } from '../../../store/store.ts'
import type { Show } from '../plain.ts'

/** Follows messages of one queue. */
export interface Follower {
  /** One that is watched, and is stored. */
  meet(found: ListedMessage): void
  /** The child of one that is watched; it may not be stored yet. */
  adopt(id: string, kin: Kin): void
  hear(transition: Transition): void
}

export interface FollowerOptions {
  readonly show: Show
  readonly signal: AbortSignal
  /** Whether whatever moves in the queue is watched. */
  readonly isWhole: boolean
  tell(messages: readonly WireMessage[]): void
  /** Called for each child of a message, again and again. */
  adopt(child: MessageRef, kin: Kin): void
}

/** Milliseconds between two looks at one message. Its journal has what happened between. */
const PAUSE = 100
/** Messages that one watcher follows in a queue; of a larger crowd, those that came first. */
export const MOST = 100

/** A message that is followed. */
interface Followed {
  readonly id: string
  readonly kin: Kin | undefined
  readonly wire: MessageWire
  last: Transition | undefined
  settled: boolean
  busy: boolean
  again: boolean
}

export function createFollower(runtime: QueueRuntime, options: FollowerOptions): Follower {
  const { name: queue, store, partitions, versions, clock, log } = runtime
  const { show, signal, isWhole, tell } = options
  const followed = new Map<string, Followed>()
  const machineOf = (ref = versions.current.ref) => versions.machines.find((machine) => machine.ref === ref)

  function follow(id: string, kin?: Kin): Followed | undefined {
    const known = followed.get(id)
    if (known) return known
    if (followed.size >= MOST) {
      const settled = [...followed].find(([, each]) => each.settled && !each.busy)
      if (!settled) return undefined
      followed.delete(settled[0])
    }
    const wire = createMessageWire({ queue, machineOf, show, kin })
    const made: Followed = { id, kin, wire, last: undefined, settled: false, busy: false, again: false }
    followed.set(id, made)
    return made
  }

  function see({ id, kin, wire }: Followed, { message }: ListedMessage): void {
    tell(wire.see(message))
    const parentId = sessionOf({ queue, id })
    for (const child of wire.children) options.adopt(child, { parentId, rootId: kin?.rootId ?? parentId })
  }

  async function look(each: Followed): Promise<void> {
    each.again = false
    const [found] = await store.read(partitionOf(queue, each.id, partitions.length), [each.id])
    if (signal.aborted) return
    if (found) return see(each, found)
    // One that nothing was heard of is still to come.
    if (!each.last) return
    each.settled = true
    tell(each.wire.gone(each.last))
  }

  /** One look at a time, and the next one after a pause, if anything was heard meanwhile. */
  async function lookOn(each: Followed): Promise<void> {
    each.busy = true
    do {
      await look(each).catch((error: unknown) => {
        if (signal.aborted) return
        log.feedFailed(queue, error)
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
    meet(found) {
      const { id, revision, state, enteredAt: at } = found.message
      const each = follow(id)
      if (!each) return
      each.last = { queue, id, revision, at, event: '', from: null, to: state, tags: [], worker: '', status: 'active' }
      see(each, found)
    },
    adopt(id, kin) {
      if (followed.has(id)) return
      const each = follow(id, kin)
      if (each) void lookOn(each)
    },
    hear(transition) {
      const each = isWhole ? follow(transition.id) : followed.get(transition.id)
      if (!each) return
      each.last = transition
      each.settled = transition.status !== 'active' || transition.tags.includes('settled')
      each.again = true
      if (!each.busy) void lookOn(each)
    },
  }
}
