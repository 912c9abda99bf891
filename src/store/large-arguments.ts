import type { LargeText } from './store.ts'

/** Most large texts of one call; the feed says of those beyond that they are gone. */
const MOST_LARGE = 1000

/** Pushes how many large texts the parts of a call have, and each with the number of its part, from 1. */
export function pushLarge(args: string[], all: readonly { readonly large?: readonly LargeText[] }[]): void {
  const at = args.push('0') - 1
  let count = 0
  for (const [i, { large }] of all.entries())
    for (const { name, text: value } of large ?? []) if (count++ < MOST_LARGE) args.push(String(i + 1), name, value)
  if (count > 0) args[at] = String(Math.min(count, MOST_LARGE))
}
