import type { EventData } from '../message.ts'
import type { Path } from './address.ts'

/** What a step asks for, as data, in the order in which the machine asked. Nothing of it has happened yet. */
export type Effect =
  | {
      readonly type: 'timer.set'
      /** Where it was set and is to be heard, in a message of several actors; see `timerPlace`. */
      readonly at?: string
      readonly id: string | undefined
      readonly event: EventData
      readonly delay: number
      /** When it is due, whatever its delay: it was set before, under the key `was`. Milliseconds since 1970. */
      readonly due?: number
      readonly was?: string
    }
  /** In a message of several actors `at` tells whose timer is meant, and no id that all of its are. */
  | { readonly type: 'timer.cancel'; readonly at?: Path; readonly id: string | undefined }
  | { readonly type: 'invoke'; readonly id: string; readonly src: string; readonly input: unknown }
  | { readonly type: 'stop'; readonly id: string }
  | { readonly type: 'send'; readonly target: string; readonly event: EventData; readonly delay: number | undefined }
  | { readonly type: 'emit'; readonly event: EventData }
  | ActionEffect
  | { readonly type: 'log'; readonly value: unknown; readonly label?: string }

/** A custom action: code of the user, to be run once the step is committed. */
export interface ActionEffect {
  readonly type: 'action'
  readonly name: string
  readonly params: unknown
  readonly event: EventData
  /** The actor within the message that asks for it; default the message itself. */
  readonly at?: Path
  /** The context at the moment at which the machine asked for it. */
  readonly context: unknown
  /** Its code; `undefined` when the machine implements none. */
  readonly exec: ActionCode | undefined
}

export type ActionCode = (info: object, params: unknown) => unknown

/** An action as XState hands it to an action executor. */
export interface ExecutableAction {
  readonly type: string
  readonly params: unknown
  readonly exec?: unknown
  readonly info?: { readonly self: unknown; readonly event?: unknown; readonly context?: unknown }
}

type Params = Readonly<Record<string, unknown>>

/** Reads one action of XState's. Returns nothing for those that have already been worked into the snapshot. */
export function toEffect(action: ExecutableAction): Effect | undefined {
  const params = (action.params ?? {}) as Params
  switch (action.type) {
    case 'xstate.raise':
      // Immediate raises are listed too, and have been taken already: only one with a numeric delay is a timer.
      if (typeof params['delay'] !== 'number') return undefined
      return { type: 'timer.set', id: text(params['id']), event: params['event'] as EventData, delay: params['delay'] }
    case 'xstate.cancel':
      return { type: 'timer.cancel', id: String(params['sendId']) }
    case 'xstate.spawnChild':
      return { type: 'invoke', id: childId(params), src: sourceName(params['src']), input: params['input'] }
    case 'xstate.stopChild':
      return typeof params['id'] === 'string' ? { type: 'stop', id: params['id'] } : undefined
    case 'xstate.sendTo':
      return params['to'] === action.info?.self ? toSelf(params) : toSend(params)
    case 'xstate.emit':
      return { type: 'emit', event: params['event'] as EventData }
    case 'xstate.log':
      return toLog(params)
    default:
      return toAction(action)
  }
}

function toLog({ value, label }: Params): Effect {
  return typeof label === 'string' && label !== '' ? { type: 'log', value, label } : { type: 'log', value }
}

function toAction({ type, params, info, exec }: ExecutableAction): ActionEffect {
  const event = (info?.event ?? { type: '' }) as EventData
  return { type: 'action', name: type, params, event, context: info?.context, exec: exec as ActionCode | undefined }
}

/** What a machine sends to itself comes in a step of its own: a timer, of no delay where none is asked for. */
function toSelf({ id, event, delay }: Params): Effect {
  const timed = typeof delay === 'number'
  return { type: 'timer.set', id: timed ? text(id) : undefined, event: event as EventData, delay: timed ? delay : 0 }
}

function toSend(params: Params): Effect {
  const target = params['targetId'] ?? (params['to'] as { id?: unknown } | undefined)?.id
  const delay = typeof params['delay'] === 'number' ? params['delay'] : undefined
  return { type: 'send', target: String(target), event: params['event'] as EventData, delay }
}

/** The id in the parameters may still be the function that computes it; the actor has the result. */
function childId({ id, actorRef }: Params): string {
  return String((actorRef as { id?: unknown } | undefined)?.id ?? id)
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const sourceName = (src: unknown): string => (typeof src === 'string' ? src : '(inline)')
