import { redactFeed, redactText } from '../engine/redacted-store.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import { FIELD } from '../engine/snapshot.ts'
import { largeName, readTransitions, withLarge, type FeedTuple } from '../events/transition-text.ts'
import type { Transition } from '../message.ts'
import type { CommitEntry } from '../store/store.ts'

/** The transitions of a commit as its worker tells them, with the large parts that the feed only refers to. */
export function transitionsOf(
  { name, settings: { redaction } }: Pick<QueueRuntime, 'name' | 'settings'>,
  entry: CommitEntry,
  now: number,
): Transition[] {
  const text = `[${entry.transitions.join(',')}]`
  const tuples = readTransitions(name, now, redaction ? redactFeed(text, redaction) : text)
  const shown = (value: string): string => (redaction ? redactText(value, redaction) : value)
  return tuples.map((tuple) => {
    const transition = tuple.transition()
    if (!tuple.large) return transition
    const texts = textsOf(entry, tuple, transition).map(([part, value]) => [part, shown(value)] as const)
    return withLarge(transition, tuple.large, new Map(texts))
  })
}

/** What is not kept beside the feed is written into the message. */
function textsOf({ large = [], changes }: CommitEntry, tuple: FeedTuple, transition: Transition): [string, string][] {
  const texts = large.map(({ name, text }): [string, string] => [name, text])
  const output = changes.find(({ field }) => field === FIELD.output)?.value
  const name = largeName('output', transition)
  if (tuple.large?.output === undefined || output === undefined || texts.some(([known]) => known === name)) return texts
  return [...texts, [name, output]]
}
