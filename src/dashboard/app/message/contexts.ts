import { contextAfter, type Members } from '../../../inspect/past-context.ts'
import type { MessageDetails } from '../api/message.ts'

/** What one step changed: the members before, where they are known, and after. */
export interface KnownChange {
  readonly before: Members
  readonly after: Members
  readonly truncated: readonly string[]
}

export function changeOf({ message, history }: MessageDetails, index: number): KnownChange | undefined {
  const { changed } = history[index] ?? {}
  if (!changed) return undefined
  const earlier: Members = index > 0 ? contextAfter(message.context, history, index - 1).members : {}
  const names = [...Object.keys(changed.set), ...changed.removed]
  const before = Object.fromEntries(
    names.filter((name) => Object.hasOwn(earlier, name)).map((name) => [name, earlier[name]]),
  )
  return { before, after: changed.set, truncated: changed.truncated }
}
