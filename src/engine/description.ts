import { decode } from '../codec.ts'
import type { Status } from '../message.ts'
import type { StoredMessage } from '../store/store.ts'
import { orElse, readable } from '../unreadable.ts'
import { restoreInvocations, type Invocation } from './invocation.ts'
import { decodeContext, FIELD } from './snapshot.ts'

/** What a stored message tells without its machine, for those who only look. A text that cannot be read is shown as it lies there. */
export function describe(stored: StoredMessage): {
  input: unknown
  context: Record<string, unknown>
  status: Status
  invocations: Invocation[]
  timers: { id: string; due: number }[]
} {
  const { fields } = stored
  const input = readable(fields[FIELD.input], decode)
  return {
    input,
    context: readable(fields[FIELD.context], (text) => decodeContext(text, input)) as Record<string, unknown>,
    status: (fields[FIELD.status] ?? 'active') as Status,
    invocations: [
      ...orElse(() => restoreInvocations(fields, FIELD.invocation, input), new Map<string, Invocation>()).values(),
    ],
    timers: stored.timers.map(({ due, text }) => ({ id: text.split('\n')[0]!, due })),
  }
}
