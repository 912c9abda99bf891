import type { ContextChanges } from '../message.ts'

export type Members = Readonly<Record<string, unknown>>

/** A line of the journal, as far as it tells of the context. */
export interface TellingStep {
  readonly seq: number
  readonly changed?: ContextChanges
}

/** The context after a step, as far as the journal and the present tell. */
export interface KnownContext {
  readonly members: Members
  /** Members that had a value which is not known any more. */
  readonly unknown: readonly string[]
}

/** Whether the queue keeps what its steps change. */
export const keepsContexts = (history: readonly TellingStep[]): boolean =>
  history.some(({ changed }) => changed !== undefined)

/**
 * The context after the step of an index. What no later step changed is as it is now; of the rest the last value before that counts, if
 * the journal still has the line and had room for it.
 */
export function contextAfter(context: unknown, history: readonly TellingStep[], index: number): KnownContext {
  const now = (typeof context === 'object' && context !== null ? context : {}) as Members
  // Which members such a step changed is not known, so none can be told of what was before it.
  if (history.slice(index + 1).some(isUnreadable)) return { members: {}, unknown: Object.keys(now) }
  const later = new Set(history.slice(index + 1).flatMap(touched))
  const kept = Object.entries(now).filter(([name]) => !later.has(name))
  const [members, unknown]: [Record<string, unknown>, string[]] = [Object.fromEntries(kept), []]
  for (const name of later) {
    const last = history.slice(0, index + 1).findLast((step) => isUnreadable(step) || touched(step).includes(name))
    if (last?.changed && Object.hasOwn(last.changed.set, name)) members[name] = last.changed.set[name]
    // One that came with a later step was not there; without the first line nobody knows.
    else if (last ? isUnreadable(last) || last.changed?.truncated.includes(name) : history[0]?.seq !== 0)
      unknown.push(name)
  }
  return { members, unknown }
}

const isUnreadable = ({ changed }: TellingStep): boolean => changed?.unreadable !== undefined

const touched = ({ changed }: TellingStep): readonly string[] =>
  changed ? [...Object.keys(changed.set), ...changed.removed, ...changed.truncated] : []
