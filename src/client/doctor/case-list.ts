/** Messages that have something in common: how many, and the ids of a few. The same id counts once. */
export interface CaseList {
  add(id: string): void
  readonly count: number
  readonly examples: readonly string[]
  repaired: number
}

/** Ids that are remembered to tell repetitions; scanning seldom repeats one. */
const REMEMBERED = 100_000
const EXAMPLES = 5

export function createCaseList(): CaseList {
  const seen = new Set<string>()
  const examples: string[] = []
  let count = 0
  return {
    examples,
    repaired: 0,
    get count() {
      return count
    },
    add(id) {
      if (seen.has(id)) return
      if (seen.size < REMEMBERED) seen.add(id)
      if (examples.length < EXAMPLES) examples.push(id)
      count++
    },
  }
}

/** Lists by their name, made with the first case of each. */
export type CaseBook<Name extends string> = Map<Name, CaseList>

export function casesOf<Name extends string>(book: CaseBook<Name>, name: Name): CaseList {
  const known = book.get(name) ?? createCaseList()
  book.set(name, known)
  return known
}
