/** Chance that repeats: the same seed and words give the same number in [0, 1) in every process. */
export function chance(...words: readonly (string | number)[]): number {
  let hash = 0x811c9dc5
  for (const character of words.join(':')) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193)
  // FNV leaves the last characters in the low bits; this spreads them over all.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/** A stream of such numbers. */
export function dice(...words: readonly (string | number)[]): () => number {
  let turn = 0
  return () => chance(...words, turn++)
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}
