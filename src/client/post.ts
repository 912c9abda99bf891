import type { Letter, Post } from '../engine/post.ts'
import { checkEvent } from '../engine/registry.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import { CHILD } from '../engine/join.ts'
import { RedriveError } from '../errors.ts'
import { mailText } from '../events/mail-text.ts'
import type { EventData } from '../message.ts'
import type { Partition, Store } from '../store/store.ts'
import { createChildStarter } from './child-starter.ts'
import { validate } from './input.ts'
import type { Prepare } from './prepare.ts'
import type { QueueOptions } from './queue-options.ts'
import { orRefusal, unknownQueue } from './refusal.ts'
import { foreignKey } from './queue-full.ts'
import { createSignaller, type SignalledQueue, type Signaller } from './signaller.ts'

/** A queue that is open in this process. */
export interface LocalQueue {
  readonly runtime: QueueRuntime
  readonly options: QueueOptions
  readonly prepare: Prepare
}

export interface PostParts {
  readonly store: Store
  readonly confirmer: QueueRuntime['confirmer']
  /** Resolves when the connection is checked. */
  ready(): Promise<unknown>
  local(queue: string): LocalQueue | undefined
  /** Names of the queues that are open in this process. */
  names(): Iterable<string>
}

/** Reaches the messages of all queues on the server: those of this process checked as `signal` and `send` do, others by their definition. */
export function createPost({ store, confirmer, ready, local, names }: PostParts): Post {
  const signallers = new Map<string, Signaller>()

  async function signallerOf(queue: string): Promise<Signaller | undefined> {
    const known = signallers.get(queue)
    if (known) return known
    const place = local(queue)?.runtime ?? (await remote(queue))
    // Somebody may have been quicker meanwhile; two lanes to one inbox would not keep the order.
    const signaller = signallers.get(queue) ?? (place && createSignaller(place))
    if (signaller) signallers.set(queue, signaller)
    return signaller
  }

  /** A queue of another process: its number of partitions is all that is needed to find a message. */
  async function remote(name: string): Promise<SignalledQueue | undefined> {
    await ready()
    const definition = (await store.queues()).get(name)
    if (!definition) return undefined
    const partitions = Array.from({ length: definition.partitions }, (_, index): Partition => ({ queue: name, index }))
    return { name, partitions, store, confirmer, ready: async () => {} }
  }

  async function deliver({ target, event, eventId }: Letter): Promise<Error | undefined> {
    const queue = event.type === CHILD ? undefined : local(target.queue)
    return orRefusal(async () => {
      const checked = queue ? await check(queue, target.id, event) : event
      const signaller = await signallerOf(target.queue)
      if (!signaller) throw unknownQueue(target.queue, (await store.queues()).keys(), 'was ever used on this server')
      // The bound is for what others send: reports come from children of its own, and there is an end to them.
      const room = queue ? { room: queue.runtime.settings.maxInbox } : {}
      const id = eventId === undefined ? {} : { eventId }
      const delivery = Promise.resolve({ id: target.id, event: mailText(checked), ...id, ...room })
      const { status } = await signaller.deliver(target.id, delivery)
      if (status === 'missing')
        throw new RedriveError('E_NOT_FOUND', `there is no message "${target.id}" in "${target.queue}".`, { ...target })
      if (status === 'foreign') throw foreignKey(target.queue, target.id, 'the event was not delivered')
      if (status === 'full')
        throw new RedriveError('E_INBOX_FULL', `no more events may wait for "${target.id}" of "${target.queue}" now.`)
    })
  }

  return { deliver, start: createChildStarter({ local, names }) }
}

/** @throws RedriveError `E_UNKNOWN_EVENT`, `E_INVALID_EVENT` */
async function check({ runtime, options }: LocalQueue, id: string, event: EventData): Promise<EventData> {
  checkEvent(runtime.machine, event)
  return (await validate(options.events, event, 'E_INVALID_EVENT', `the event for "${id}"`)) as EventData
}
