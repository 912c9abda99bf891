import { useRef } from 'preact/hooks'
import type { MessageDetails } from '../api/message.ts'

/** A context that is known, and may be anything. */
interface Known {
  readonly context: unknown
}

/** Contexts by step: those that the server tells, and those that were current while this page looked on. */
export function useContexts(queue: string, { message, history }: MessageDetails): ReadonlyMap<number, Known> {
  const key = `${queue}/${message.id}`
  const seen = useRef({ key, contexts: new Map<number, Known>() })
  if (seen.current.key !== key) seen.current = { key, contexts: new Map() }
  const { contexts } = seen.current
  const last = history.at(-1)
  if (last) contexts.set(last.seq, { context: message.context })
  return contexts
}
