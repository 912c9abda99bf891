import { enqueueActions, type ActionArgs, type EventObject, type MachineContext } from 'xstate'
import { invalidOption, numberBetween, objectOf, oneOf, type Check } from './invalid-option.ts'
import type { RetryOverrides } from './policy.ts'

/** Which message: its queue and its id. */
export interface MessageRef {
  readonly queue: string
  readonly id: string
}

/** A message to start. */
export interface ChildMessage {
  /** A queue that the process which runs the parent knows too: it takes the child's first step. */
  readonly queue: string
  readonly input?: unknown
  /** Default: one made of the parent's id, which no other message has. */
  readonly id?: string
  /** How long until its first delivery: milliseconds, or text such as `'10m'`. Default 0. Default machine only. */
  readonly delay?: number | string
  /** What it does differently from its queue's retry policy. Default machine only. */
  readonly retry?: RetryOverrides
}

/**
 * What a failed child means, one that ends `dead`, `cancelled` or in an error, or could not be started.
 *
 * `collect`: no more than any other end. The parent hears `allDone` once all have ended.
 * `report`: the parent hears `anyFailed` at the first one; the others go on, and `allDone` comes once all have ended.
 * `cancel`: the parent hears `anyFailed` at the first one; the others are sent CANCEL, and no `allDone` comes.
 */
export type FailedPolicy = 'collect' | 'report' | 'cancel'

export interface JoinOptions {
  /** Name of the join, 1 to 100 characters; it is in its events. A new start under the same name replaces it. Default `'children'`. */
  readonly join?: string
  /** Has no default, because none is right for all. */
  readonly failed: FailedPolicy
}

/** How a child ended. */
export interface ChildResult extends MessageRef {
  readonly status: 'done' | 'failed'
  /** Output of its machine, when it has one. */
  readonly output?: unknown
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string | number }
}

/** All children of a join have ended. Results are in the order in which the children were given. */
export interface AllDoneEvent {
  readonly type: 'allDone'
  readonly join: string
  readonly results: readonly ChildResult[]
}

/** The first child of a join has failed. */
export interface AnyFailedEvent {
  readonly type: 'anyFailed'
  readonly join: string
  readonly child: MessageRef
  readonly error: NonNullable<ChildResult['error']>
}

/** Names of the actions that the creators ask for; a worker carries them out. */
export const SEND = 'redrive.send'
export const START = 'redrive.start'

export interface SendParams {
  readonly target: MessageRef
  readonly event: EventObject
}

export interface StartParams {
  readonly join: string
  readonly failed: FailedPolicy
  readonly children: readonly ChildMessage[]
}

interface Situation<Context, Event> {
  readonly context: Context
  readonly event: Event
}

/** A value, or a function that makes it from the context and the event. */
export type Resolvable<Value, Context, Event> = Value | ((args: Situation<Context, Event>) => Value)

/** As XState declares its own `log()`: it fits into every machine. */
export interface TalkAction<
  Context extends MachineContext,
  ExpressionEvent extends EventObject,
  Event extends EventObject,
> {
  (args: ActionArgs<Context, ExpressionEvent, Event>, params: undefined): void
}

/**
 * An action that sends an event to another message, of any queue. It leaves with the commit of its step, and is delivered once, also
 * when workers die in between. A target that does not exist, has ended, or knows no such event is logged and left.
 *
 * XState's `sendTo` is for actors, this one for messages. In a plain `createActor()` it does nothing, and shows up as the action
 * `redrive.send`.
 *
 * @throws TypeError | RangeError `E_INVALID_OPTION`, at once for what is given as a value, else in the step.
 * @example entry: sendToMessage({ queue: 'carts', id: 'cart-7' }, { type: 'ORDERED' })
 */
export function sendToMessage<
  Context extends MachineContext,
  ExpressionEvent extends EventObject,
  Event extends EventObject,
>(
  target: Resolvable<MessageRef, Context, ExpressionEvent>,
  event: Resolvable<EventObject, Context, ExpressionEvent>,
): TalkAction<Context, ExpressionEvent, Event> {
  if (typeof target !== 'function') checkRef(target, 'target')
  if (typeof event !== 'function') checkSendable(event, 'event')
  return enqueueActions<Context, ExpressionEvent, undefined, Event>(({ context, event: taken, enqueue }) => {
    const situation = { context, event: taken }
    enqueue({ type: SEND, params: { ...sendParams(resolve(target, situation), resolve(event, situation)) } })
  })
}

/**
 * An action that starts child messages, of any queues, and joins them: the machine hears `allDone` and `anyFailed`, each once, as
 * `failed` says. No children are `allDone` at once.
 *
 * In a plain `createActor()` it does nothing, and shows up as the action `redrive.start`.
 *
 * @throws TypeError | RangeError `E_INVALID_OPTION`, at once for what is given as a value, else in the step.
 * @example entry: startChildren([{ queue: 'emails', input: { to: 'ada@example.com' } }], { failed: 'collect' })
 */
export function startChildren<
  Context extends MachineContext,
  ExpressionEvent extends EventObject,
  Event extends EventObject,
>(
  children: Resolvable<readonly ChildMessage[], Context, ExpressionEvent>,
  options: JoinOptions,
): TalkAction<Context, ExpressionEvent, Event> {
  startParams(typeof children === 'function' ? [] : children, options)
  return enqueueActions<Context, ExpressionEvent, undefined, Event>(({ context, event, enqueue }) => {
    enqueue({ type: START, params: { ...startParams(resolve(children, { context, event }), options) } })
  })
}

function resolve<Value, Context, Event>(
  value: Resolvable<Value, Context, Event>,
  situation: Situation<Context, Event>,
): Value {
  return typeof value === 'function' ? (value as (args: Situation<Context, Event>) => Value)(situation) : value
}

/** @throws TypeError | RangeError `E_INVALID_OPTION` */
export function sendParams(target: MessageRef, event: EventObject): SendParams {
  checkRef(target, 'target')
  checkSendable(event, 'event')
  return { target: { queue: target.queue, id: target.id }, event }
}

/** @throws TypeError | RangeError `E_INVALID_OPTION` */
export function startParams(children: readonly ChildMessage[], options: JoinOptions): StartParams {
  if (!Array.isArray(children)) throw invalidOption('children', 'an array of { queue, input }', children)
  numberBetween({ min: 0, max: MAX_CHILDREN, what: 'of a length' })(children.length, 'children')
  children.forEach((child, i) => checkChild(child, `children[${i}]`))
  checkJoin(options, 'options')
  // Not by objectOf, which passes over what is absent.
  oneOf('collect', 'report', 'cancel')(options.failed, 'options.failed')
  return { join: options.join ?? 'children', failed: options.failed, children }
}

/** The parent keeps a result of each, and each of its steps reads them. */
const MAX_CHILDREN = 10_000

const text: Check = (value, option) => {
  if (typeof value !== 'string' || value === '') throw invalidOption(option, 'a text', value)
}

const joinName: Check = (value, option) => {
  text(value, option)
  numberBetween({ min: 1, max: 100, what: 'a text of a length' })(String(value).length, option)
}

const anything: Check = () => {}

const childShape = objectOf({ queue: text, id: text, input: anything, delay: anything, retry: anything })
const checkJoin = objectOf({ join: joinName, failed: anything })

function checkRef(target: unknown, option: string): void {
  if (typeof target !== 'object' || target === null) throw invalidOption(option, 'an object { queue, id }', target)
  const { queue, id } = target as Partial<MessageRef>
  text(queue, `${option}.queue`)
  text(id, `${option}.id`)
}

function checkChild(child: unknown, option: string): void {
  childShape(child, option)
  text((child as Partial<ChildMessage>).queue, `${option}.queue`)
}

function checkSendable(event: unknown, option: string): void {
  if (typeof event !== 'object' || event === null) throw invalidOption(option, 'an object with a "type"', event)
  const { type } = event as { type?: unknown }
  text(type, `${option}.type`)
  if (/^(xstate|redrive)\./.test(String(type)))
    throw invalidOption(`${option}.type`, 'one of your own: xstate.… and redrive.… are reserved', type)
}
