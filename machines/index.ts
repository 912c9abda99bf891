export { MAX_DELAY, backoffDelay } from './backoff.ts'
export type { Backoff, BackoffInfo, BackoffOptions, BackoffType, Jitter } from './backoff.ts'
export type { DeadReason } from './decision.ts'
export { toErrorData } from './error-data.ts'
export type { ErrorData } from './error-data.ts'
export { NonRetryableError, RetryableError, SnoozeError } from './handler-errors.ts'
export type { RetryableErrorOptions } from './handler-errors.ts'
export type { InvalidOption } from './invalid-option.ts'
export { createMessageMachine, messageMachine } from './message.ts'
export type { MessageContext, MessageEvent, MessageInput, MessageMachine, MessageTag } from './message.ts'
export { DEFAULT_RETRY_POLICY, resolvePolicy, validatePolicy } from './policy.ts'
export type { ResolvedPolicy, RetryOverrides, RetryPolicy } from './policy.ts'
export { parseRetryAfter } from './retry-after.ts'
export { sendToMessage, startChildren } from './talk.ts'
export type {
  AllDoneEvent,
  AnyFailedEvent,
  ChildMessage,
  ChildResult,
  FailedPolicy,
  JoinOptions,
  MessageRef,
  Resolvable,
  TalkAction,
} from './talk.ts'
