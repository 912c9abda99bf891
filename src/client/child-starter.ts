import { createHash } from 'node:crypto'
import { parentText } from '../engine/parent.ts'
import type { ChildOrder, Post, StartTerms } from '../engine/post.ts'
import { FIELD } from '../engine/snapshot.ts'
import { asError, RedriveError } from '../errors.ts'
import { DEFAULTS } from '../options.ts'
import { partitionOf } from '../store/keys.ts'
import type { EnqueueStatus, Partition } from '../store/store.ts'
import { writeConfirmed } from './confirmed.ts'
import type { LocalQueue } from './post.ts'
import type { Prepared } from './prepare.ts'
import { queueFull } from './queue-full.ts'
import { orRefusal, unknownQueue } from './refusal.ts'

export interface StarterParts {
  local(queue: string): LocalQueue | undefined
  /** Names of the queues that are open in this process. */
  names(): Iterable<string>
}

/** A child that has taken its first step and is to be stored. */
interface Child {
  readonly order: ChildOrder
  readonly queue: LocalQueue
  readonly prepared: Prepared
}

/**
 * Stores children so that none begins twice, whoever tries it again and however late. One that is there is known by its id. One that has
 * ended and is gone has told its parent so before: hence a repeated start looks first for the children and then at the parent, in this
 * order. What another starter does meanwhile is known by the token, which is the same for all that start this child.
 */
export function createChildStarter({ local, names }: StarterParts): Post['start'] {
  return async (orders, terms) => {
    const begun = terms.again ? await thoseBegun(orders, terms) : new Set<ChildOrder>()
    const refusals = new Map<ChildOrder, Error>()
    const children: Child[] = []
    for (const each of await Promise.all(orders.filter((order) => !begun.has(order)).map(prepare))) {
      if ('refusal' in each) refusals.set(each.order, each.refusal)
      else children.push(each)
    }
    // After the inputs were checked, which may take as long as it likes.
    stillHeld(terms)
    const kept = await Promise.all(batches(children).map((batch) => keepAll(batch, terms)))
    for (const [order, refusal] of kept.flat()) refusals.set(order, refusal)
    return orders.map((order) => refusals.get(order))
  }

  async function prepare(order: ChildOrder): Promise<Child | { readonly order: ChildOrder; readonly refusal: Error }> {
    const { ref, child, parent } = order
    try {
      const queue = local(ref.queue)
      if (!queue)
        throw unknownQueue(ref.queue, names(), 'is open in the process of its parent, which takes its first step')
      const { delay, retry } = child
      const given = { id: ref.id, ...(delay === undefined ? {} : { delay }), ...(retry === undefined ? {} : { retry }) }
      const prepared = await queue.prepare(child.input, given, parent)
      // What may pass is met again when it is stored.
      const refusal = await orRefusal(() => queue.runtime.introduce('sender')).catch(() => undefined)
      return refusal ? { order, refusal } : { order, queue, prepared }
    } catch (error) {
      return { order, refusal: asError(error) }
    }
  }

  /** Children that are there, or were. */
  async function thoseBegun(orders: readonly ChildOrder[], { ended }: StartTerms): Promise<ReadonlySet<ChildOrder>> {
    const there = await Promise.all(
      orders.map(async (order) => (await parentOf(local(order.ref.queue), order)) === parentText(order.parent)),
    )
    const over = await ended()
    return new Set(orders.filter(({ parent }, i) => there[i] || over(parent.index)))
  }
}

/** What a stored message says of its parent; `undefined` when it is not there, or has none. */
async function parentOf(queue: LocalQueue | undefined, { ref }: ChildOrder): Promise<string | undefined> {
  if (!queue) return 'gone'
  const { store } = queue.runtime
  const [found] = await store.read(place(queue, ref.id), [ref.id])
  return found ? found.message.fields[FIELD.parent] : 'gone'
}

const place = ({ runtime: { name, partitions } }: LocalQueue, id: string): Partition =>
  partitionOf(name, id, partitions.length)

/** Of one partition each, and not so many that a server would do nothing else. */
function batches(children: readonly Child[]): Child[][] {
  const open = new Map<string, Child[]>()
  const all: Child[][] = []
  for (const child of children) {
    const { queue, index } = place(child.queue, child.order.ref.id)
    const key = `${queue}:${index}`
    let batch = open.get(key)
    if (!batch || batch.length === DEFAULTS.batch) {
      open.set(key, (batch = []))
      all.push(batch)
    }
    batch.push(child)
  }
  return all
}

/** @returns those that cannot be stored, and why. @throws what may pass. */
async function keepAll(batch: readonly Child[], terms: StartTerms): Promise<[ChildOrder, Error][]> {
  const statuses = await enqueue(batch, 0)
  const refusals = await Promise.all(batch.map((child, i) => orRefusal(() => settle(child, statuses[i]!, terms, 0))))
  return refusals.flatMap((refusal, i): [ChildOrder, Error][] => (refusal ? [[batch[i]!.order, refusal]] : []))
}

/** Each by a call of its own, because its token is: they travel together, and are confirmed together. */
async function enqueue([first, ...rest]: readonly Child[], attempt: number): Promise<EnqueueStatus[]> {
  if (!first) return []
  const { runtime } = first.queue
  await runtime.introduce('sender')
  const written = await writeConfirmed(runtime, async (writes) => {
    const calls = [first, ...rest].map(({ order, prepared: { message } }) =>
      writes.enqueue(place(first.queue, message.id), tokenOf(order, attempt), [message], runtime.settings.bounds),
    )
    return (await Promise.all(calls)).flat()
  })
  return written.map(({ status }) => status)
}

function tokenOf({ parent }: ChildOrder, attempt: number): string {
  return createHash('sha256')
    .update(`${attempt} ${parentText(parent)}`)
    .digest('base64url')
    .slice(0, 24)
}

async function settle(child: Child, status: EnqueueStatus, terms: StartTerms, attempt: number): Promise<void> {
  if (status === 'created') return
  const { order, queue } = child
  const { ref, parent } = order
  if (status !== 'duplicate') throw queueFull(queue.runtime, ref.id, status)
  const owner = await parentOf(queue, order)
  if (owner === parentText(parent)) return
  if (owner !== 'gone')
    throw new RedriveError('E_ID_TAKEN', `the message "${ref.id}" of "${ref.queue}" was there before.`, { ...ref })
  // It was this very child, or a stranger, who leaves room for it.
  if ((await terms.ended())(parent.index)) return
  stillHeld(terms)
  const [next] = await enqueue([child], attempt + 1)
  return settle(child, next!, terms, attempt + 1)
}

/** @throws RedriveError `E_LEASE_LOST` */
function stillHeld({ holds }: StartTerms): void {
  if (holds()) return
  throw new RedriveError('E_LEASE_LOST', 'the lease is over; whoever has the parent now starts its children.')
}
