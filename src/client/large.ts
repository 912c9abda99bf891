import { FIELD } from '../engine/snapshot.ts'
import { largeName, withLarge, type FeedTuple } from '../events/transition-text.ts'
import type { Transition } from '../message.ts'
import type { ListedMessage, Partition, Store } from '../store/store.ts'

/** Messages read at a time: each may be as large as an input may be. */
const TOGETHER = 10

/**
 * The transitions of an entry of the feed, with the large parts to which it refers: an output is in the message, or, where that left nothing
 * behind, beside the feed for a while, as is what was emitted.
 * @throws what the store throws
 */
export async function fillIn(
  store: Pick<Store, 'read' | 'readLarge'>,
  partition: Partition,
  position: string,
  tuples: readonly FeedTuple[],
): Promise<Transition[]> {
  const transitions = tuples.map((tuple) => tuple.transition())
  if (tuples.every(({ large }) => large === undefined)) return transitions
  const texts = new Map(await store.readLarge(partition, position))
  const missing = transitions.filter(
    (transition, i) => tuples[i]!.large?.output !== undefined && !texts.has(largeName('output', transition)),
  )
  for (let i = 0; i < missing.length; i += TOGETHER) {
    const some = missing.slice(i, i + TOGETHER)
    const found = await store.read(
      partition,
      some.map(({ id }) => id),
    )
    some.forEach((transition, n) => {
      const text = outputOf(found[n], transition)
      if (text !== undefined) texts.set(largeName('output', transition), text)
    })
  }
  return transitions.map((transition, i) => {
    const { large } = tuples[i]!
    return large ? withLarge(transition, large, texts) : transition
  })
}

/** The output of that very message: after it was removed, another one may have been sent with its id. */
export function outputOf(found: ListedMessage | undefined, { at, revision }: Transition): string | undefined {
  if (!found) return undefined
  const { createdAt, revision: stored, fields } = found.message
  return createdAt <= at && stored >= revision ? fields[FIELD.output] : undefined
}
