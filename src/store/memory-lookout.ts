import type { Lookout } from './lookout.ts'
import { membersOf, type Slice } from './memory-slice.ts'
import { PARKED, type Partition } from './store.ts'

export function createMemoryLookout(slice: (partition: Partition) => Slice, now: () => number): Lookout {
  return {
    async survey(partition) {
      const it = slice(partition)
      const states = [...it.states].map((state) => {
        const members = membersOf(it, state)
        const [head] = members
        return [
          state,
          {
            count: members.length,
            due: members.filter(({ score }) => score <= now()).length,
            next: head && head.score < PARKED ? head.score : null,
            headEnteredAt: head?.enteredAt ?? null,
          },
        ] as const
      })
      return { now: now(), states: new Map(states) }
    },
    async members(partition, { state, after, limit, newestFirst }) {
      const all = membersOf(slice(partition), state).map(({ id, score }) => ({ id, score }))
      if (newestFirst) all.reverse()
      const isBehind = ({ id, score }: { id: string; score: number }): boolean => {
        if (!after) return true
        const order = score - after.score || (id < after.id ? -1 : id > after.id ? 1 : 0)
        return newestFirst ? order < 0 : order > 0
      }
      return all.filter(isBehind).slice(0, limit)
    },
    server: async () => undefined,
  }
}
