/**
 * Rules that hold for messages however their lives were recorded: by the feed and the disks of real processes in a chaos run, or by the
 * witness of the simulation. Each of the two brings its record into these forms; each rule tells what broke it, one text a fault.
 *
 * What only one of them can know stays with it. The simulation sees every call to the store, so it judges claims, leases and fences as
 * they happen, and each step by itself. A chaos run sees what survived: it replays a whole life in one live actor, and after a failover it
 * holds only what was confirmed.
 */

/** A step of a message, as the feed tells it. */
export interface Link {
  readonly event: string
  readonly from: string | null
  readonly to: string
  readonly status: string
}

/** Each step leaves the state that the one before has reached, and none comes after the end. */
export function* chainFaults(life: readonly Link[]): Generator<string> {
  for (const [i, { event, from, to }] of life.entries()) {
    const before = life[i - 1]
    if (before && before.status !== 'active') yield `"${event}" came after its end in "${before.to}"`
    if (from !== (before?.to ?? null)) yield `went from ${from} to ${to} by ${event}, and was in ${before?.to ?? null}`
  }
}

/** Numbered events of one sender. */
export interface Notes {
  /** In the order in which the message took them. */
  readonly taken: readonly number[]
  /** Those that were given to it; `promised`: the answer said that it has them. */
  readonly told: readonly { readonly number: number; readonly promised: boolean }[]
  /** Those that went out one after the other, so that their order is promised. */
  readonly ordered: ReadonlySet<number>
}

/** Each note is taken once at most, each promised one is taken, and those in order in their order. */
export function* noteFaults({ taken, told, ordered }: Notes): Generator<string> {
  for (const { number, promised } of told) {
    const times = taken.filter((other) => other === number).length
    if (times > 1) yield `note ${number} was taken ${times} times`
    if (times === 0 && promised) yield `note ${number} was answered and not taken`
  }
  const inOrder = taken.filter((number) => ordered.has(number))
  if (inOrder.some((number, i) => i > 0 && number < inOrder[i - 1]!)) yield `notes were taken as ${inOrder.join(', ')}`
}

/** Each action that a step asked for was run, at least once. */
export function* actionFaults(asked: readonly string[], run: readonly string[]): Generator<string> {
  const left = [...run]
  for (const name of asked) {
    const at = left.indexOf(name)
    if (at < 0) yield `its action ${name} was never run`
    else left.splice(at, 1)
  }
}

/** The sets are an index of the hashes: each message is in the set of its state, and in no other. */
export function* indexFaults(
  states: ReadonlyMap<string, string>,
  sets: ReadonlyMap<string, Iterable<string>>,
): Generator<readonly [id: string, what: string]> {
  const found = new Set<string>()
  for (const [state, members] of sets) {
    for (const id of members) {
      const actual = states.get(id)
      if (actual === undefined) yield [id, `the set of "${state}" has it, and it is not there`]
      else if (actual !== state) yield [id, `it is in "${actual}", and in the set of "${state}"`]
      else if (found.has(id)) yield [id, `the set of "${state}" has it twice`]
      else found.add(id)
    }
  }
  for (const [id, state] of states) if (!found.has(id)) yield [id, `the set of its state "${state}" does not have it`]
}
