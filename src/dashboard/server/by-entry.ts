import { compareMembers, type Member } from '../../store/lookout.ts'
import type { Found } from './walk.ts'

/** What was found in another order, by the time at which each came into its state; from there on their places are of this order. */
export async function* byEntry(
  found: AsyncIterable<Found>,
  after: Member | undefined,
  newestFirst: boolean,
): AsyncGenerator<Found> {
  const all: Found[] = []
  for await (const each of found) {
    const { id, enteredAt } = each.message
    all.push({ ...each, place: { id, score: enteredAt } })
  }
  const order = (a: Member, b: Member): number => (newestFirst ? compareMembers(b, a) : compareMembers(a, b))
  for (const each of all.toSorted((a, b) => order(a.place, b.place)))
    if (!after || order(each.place, after) > 0) yield each
}
