import type { AnyMachineSnapshot } from 'xstate'
import type { EventData } from '../message.ts'
import { invocationPath, timerAddress, type Path } from './address.ts'
import type { Edited } from './edit.ts'
import type { Effect } from './effects.ts'
import type { ChildReport } from './join.ts'
import type { Outgoing } from './outgoing.ts'
import { DONE, ERROR } from './recorder.ts'
import type { Invocation } from './invocation.ts'
import type { LiveMessage, Timer } from './snapshot.ts'

/** What makes a message take its next step. */
export type Stimulus =
  | { readonly type: 'timer'; readonly nonce: string }
  | {
      readonly type: 'done'
      readonly nonce: string
      readonly output: unknown
      /** What the handler asked for: it leaves with the commit of its success. */
      readonly outgoing?: readonly Outgoing[]
    }
  | { readonly type: 'error'; readonly nonce: string; readonly error: unknown }
  /** The worker that ran an invocation or a custom action lost its lease. */
  | { readonly type: 'lost'; readonly nonce: string }
  /** The message was brought to where it is now from outside of its machine: to another version, or out of quarantine. */
  | {
      readonly type: 'moved'
      readonly label: string
      readonly snapshot: AnyMachineSnapshot
      readonly effects: readonly Effect[]
      /** Its input is another one from now on. */
      readonly edited?: Edited
    }
  /** Custom actions have run; of the children to start, these could not be. */
  | { readonly type: 'ran'; readonly nonces: readonly string[]; readonly refused?: readonly ChildReport[] }
  /** An event of the inbox; `text` is what lies there. */
  | {
      readonly type: 'event'
      readonly event: EventData
      /** The actor within the message that it is for; default the message itself. */
      readonly to?: Path
    }

/**
 * The event that XState is to see, or `undefined` when the stimulus came too late: its timer was cancelled, its invocation was
 * stopped or re-entered. XState itself does not guard: a late error would destroy the message, a late result would be taken by
 * the next attempt.
 */
export function toEvent(
  message: Pick<LiveMessage, 'timers' | 'invocations'>,
  stimulus: Stimulus,
): EventData | undefined {
  switch (stimulus.type) {
    case 'event':
      return stimulus.event
    case 'moved':
    case 'ran':
    case 'lost':
      return undefined
    case 'timer':
      return find(message.timers, stimulus.nonce)?.event
    case 'done': {
      const invocation = find(message.invocations, stimulus.nonce)
      return (
        invocation && { type: `xstate.done.actor.${invocation.id}`, output: stimulus.output, actorId: invocation.id }
      )
    }
    case 'error': {
      const invocation = find(message.invocations, stimulus.nonce)
      return (
        invocation && { type: `xstate.error.actor.${invocation.id}`, error: stimulus.error, actorId: invocation.id }
      )
    }
  }
}

/** The same event as it is told to the actors of a message that holds several: who is to hear it, and how. */
export function toActor(
  { timers, invocations }: Pick<LiveMessage, 'timers' | 'invocations'>,
  stimulus: Stimulus,
  event: EventData,
): { readonly to: Path; readonly event: EventData } {
  if (stimulus.type === 'timer') return { to: timerAddress(find(timers, stimulus.nonce)!.id).target, event }
  if (stimulus.type === 'event') return { to: stimulus.to ?? [], event }
  if (stimulus.type !== 'done' && stimulus.type !== 'error') return { to: [], event }
  const to = invocationPath(find(invocations, stimulus.nonce)!.id)
  const { output, error } = event
  return { to, event: stimulus.type === 'done' ? { type: DONE, output } : { type: ERROR, error } }
}

function find<T extends Timer | Invocation>(entries: ReadonlyMap<string, T>, nonce: string): T | undefined {
  for (const entry of entries.values()) if (entry.nonce === nonce) return entry
  return undefined
}

/** How a journal, a callback and the feed name an event: XState's own are shortened, `xstate.after.backoff.message.retrying` to `after backoff`. */
export function eventLabel(machineId: string, type: string): string {
  const [, kind, rest] = /^xstate\.(after|done|error)\.(.*)$/s.exec(type) ?? []
  if (kind === undefined || rest === undefined) return type === 'xstate.init' ? 'init' : type.slice(0, 100)
  const place = rest.indexOf(`.${machineId}.`)
  const name = kind === 'after' && place > 0 ? rest.slice(0, place) : rest.replace(/^(actor|state)\./, '')
  return `${kind} ${name}`.slice(0, 100)
}
