import type { ClaimedMessage, CommitEntry } from '../store/store.ts'
import { earliest } from './advance.ts'
import { changedFields, FIELD, persist, type LiveMessage } from './snapshot.ts'

const UNCHANGED = {
  setTimers: [],
  clearTimers: [],
  consumed: 0,
  entered: false,
  journal: [],
  forget: [],
  transitions: [],
} as const

/**
 * Gives a message back as it is, running invocations and all: the next worker runs them again, and the machine hears of nothing.
 * @param notBefore when that may be at the earliest; default at once.
 */
export function handBack(message: LiveMessage, notBefore?: number): CommitEntry {
  const invocations = new Map(
    [...message.invocations].map(([id, invocation]) => [id, { ...invocation, running: false }]),
  )
  const actions = new Map([...message.actions].map(([nonce, action]) => [nonce, { ...action, started: false }]))
  const timers = [...message.timers.values()]
  const { [FIELD.failure]: kept } = message.fields
  const failure = kept === undefined ? {} : { [FIELD.failure]: kept }
  return {
    ...UNCHANGED,
    id: message.id,
    fence: `${message.revision}:${message.token}`,
    state: message.state,
    changes: changedFields(message.fields, {
      ...persist(message.machine, message.snapshot, message.input, { ...message, invocations, actions }),
      ...failure,
    }),
    ...earliest(timers),
    attention: invocations.size + message.actions.size > 0 ? 'now' : 'timers',
    disposal: 'release',
    ...(notBefore === undefined ? {} : { attention: 'timers', earliest: notBefore, disposal: 'defer' }),
  }
}

/** Gives back a message that was claimed and not touched. It is due since when it was, so its place among the others is the old one. */
export const returnUntouched = (message: ClaimedMessage): CommitEntry => returnLater(message, message.dueAt)

/** Gives back a message that others are to work on, who are left so long to find it. */
export function returnLater({ id, fence, state }: ClaimedMessage, notBefore: number): CommitEntry {
  return { ...UNCHANGED, id, fence, state, changes: [], attention: 'timers', earliest: notBefore, disposal: 'defer' }
}

/** Gives back a message in quarantine that nothing lets out. */
export function parkAgain({ id, fence, state, inbox }: ClaimedMessage): CommitEntry {
  return { ...UNCHANGED, id, fence, state, changes: [], attention: 'now', disposal: 'park', seen: inbox.length }
}
