import type { HistoryStep, MessageDetails } from '../api/message.ts'

type Members = Readonly<Record<string, unknown>>

/** The context after a step, as far as the journal and the present tell. */
export interface KnownContext {
  readonly members: Members
  /** Members that had a value which is not known any more. */
  readonly unknown: readonly string[]
}

/** What one step changed: the members before, where they are known, and after. */
export interface KnownChange {
  readonly before: Members
  readonly after: Members
  readonly truncated: readonly string[]
}

/** Whether the queue keeps what its steps change. */
export const keepsContexts = (history: readonly HistoryStep[]): boolean =>
  history.some(({ changed }) => changed !== undefined)

/**
 * The context after the step of an index. What no later step changed is as it is now; of the rest the last value before that counts, if
 * the journal still has the line and had room for it.
 */
export function contextAfter({ message, history }: MessageDetails, index: number): KnownContext {
  const now = (typeof message.context === 'object' && message.context !== null ? message.context : {}) as Members
  const later = new Set(history.slice(index + 1).flatMap(touched))
  const kept = Object.entries(now).filter(([name]) => !later.has(name))
  const [members, unknown]: [Record<string, unknown>, string[]] = [Object.fromEntries(kept), []]
  for (const name of later) {
    const last = history.slice(0, index + 1).findLast((step) => touched(step).includes(name))
    if (last?.changed && Object.hasOwn(last.changed.set, name)) members[name] = last.changed.set[name]
    // One that came with a later step was not there; without the first line nobody knows.
    else if (last ? last.changed?.truncated.includes(name) : history[0]?.seq !== 0) unknown.push(name)
  }
  return { members, unknown }
}

export function changeOf(details: MessageDetails, index: number): KnownChange | undefined {
  const { changed } = details.history[index] ?? {}
  if (!changed) return undefined
  const earlier: Members = index > 0 ? contextAfter(details, index - 1).members : {}
  const names = [...Object.keys(changed.set), ...changed.removed]
  const before = Object.fromEntries(
    names.filter((name) => Object.hasOwn(earlier, name)).map((name) => [name, earlier[name]]),
  )
  return { before, after: changed.set, truncated: changed.truncated }
}

const touched = ({ changed }: HistoryStep): readonly string[] =>
  changed ? [...Object.keys(changed.set), ...changed.removed, ...changed.truncated] : []
