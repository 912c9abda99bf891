import { checkEvent } from '../../engine/registry.ts'
import type { QueueRuntime } from '../../engine/runtime.ts'
import { nearest, RedriveError } from '../../errors.ts'
import { checkId, type EventData } from '../../message.ts'
import { checkNames, show, toInteger, toObject } from '../../options.ts'
import { checkActor, type ActorOption } from './audit.ts'
import { checkFilter, type MessageFilter } from './message-filter.ts'

/** What can be done to many messages. `event` sends any event of the machine. */
export type OperationAction = 'event' | 'retry' | 'redrive' | 'cancel' | 'remove' | 'release'

/** What is done, to which messages, and how quickly. Either `ids` or `filter`. */
export interface OperationRequest<Event = EventData> extends ActorOption {
  readonly action: OperationAction
  /** For the action `event`. */
  readonly event?: Event
  /** At most a million. */
  readonly ids?: readonly string[]
  readonly filter?: MessageFilter
  /** With a filter: at most so many, the oldest first. Default: all. */
  readonly limit?: number
  /** Default: as quickly as it goes. Bounds 0.1–10,000. */
  readonly ratePerSecond?: number
}

/** A request that was found to be right. */
export interface CheckedRequest extends OperationRequest {
  /** What is sent to each message; `undefined` for what is not an event. */
  readonly sends: EventData | undefined
}

const EVENTS: Readonly<Partial<Record<OperationAction, EventData>>> = {
  retry: { type: 'RETRY' },
  redrive: { type: 'REDRIVE' },
  cancel: { type: 'CANCEL' },
}
const ACTIONS = ['event', 'retry', 'redrive', 'cancel', 'remove', 'release']
const NAMES = ['action', 'event', 'ids', 'filter', 'limit', 'ratePerSecond', 'actor']
const MOST_IDS = 1_000_000

/** @throws RedriveError `E_EMPTY_FILTER`, `E_INVALID_OPTION`, `E_INVALID_ID`, `E_INVALID_EVENT`, `E_UNKNOWN_EVENT` */
export function checkRequest({ machine }: QueueRuntime, request: OperationRequest): CheckedRequest {
  const { action, event, limit, ratePerSecond } = toObject(request, 'an operation')
  checkNames(request, '', NAMES, 'an operation')
  if (!ACTIONS.includes(action))
    throw invalid('action', `action must be ${oneOf(ACTIONS, action)}; got ${show(action)}.`)
  if ((action === 'event') !== (event !== undefined))
    throw invalid('event', 'event belongs to the action "event", which needs one: { type: "…" }.')
  const sends = event ?? EVENTS[action]
  // A message that failed is redriven whatever its machine takes; each that did not is looked at by itself.
  if (sends && action !== 'redrive') checkEvent(machine, sends)
  checkSelection(request)
  if (limit !== undefined) toInteger(limit, 'limit', { min: 1 })
  if (ratePerSecond !== undefined && !isRate(ratePerSecond))
    throw invalid('ratePerSecond', `ratePerSecond must be a number from 0.1 to 10000; got ${show(ratePerSecond)}.`)
  checkActor(request)
  return { ...request, sends }
}

const isRate = (rate: unknown): boolean => typeof rate === 'number' && rate >= 0.1 && rate <= 10_000

function checkSelection({ ids, filter }: OperationRequest): void {
  if (ids !== undefined && filter !== undefined) throw invalid('ids', 'give ids or a filter, but not both.')
  if (filter !== undefined) return void checkFilter(filter)
  if (!Array.isArray(ids) || ids.length === 0)
    throw new RedriveError('E_EMPTY_FILTER', 'say which messages: ids, or a filter with a state.', { path: 'filter' })
  if (ids.length > MOST_IDS) throw invalid('ids', `an operation takes at most ${MOST_IDS} ids; got ${ids.length}.`)
  ids.forEach(checkId)
}

function oneOf(names: readonly string[], given: unknown): string {
  const near = typeof given === 'string' ? nearest(given, names) : undefined
  return near === undefined ? `one of ${names.join(', ')}` : `"${near}" or another of ${names.join(', ')}`
}

const invalid = (path: string, message: string): RedriveError => new RedriveError('E_INVALID_OPTION', message, { path })
