export { approval } from './approval.ts'
export type { ApprovalContext, ApprovalEvent, ApprovalInput, ApprovalOutput, Decision, Question } from './approval.ts'
export { batch } from './batch.ts'
export type { BatchContext, BatchEvent, BatchInput } from './batch.ts'
export { circuitBreaker } from './circuit-breaker.ts'
export type {
  BreakerAnswer,
  CircuitBreakerContext,
  CircuitBreakerEvent,
  CircuitBreakerInput,
} from './circuit-breaker.ts'
export { createAttempts } from './attempts.ts'
export type { AfterFailure, Attempts, StepRetry } from './attempts.ts'
export { dunning } from './dunning.ts'
export type { Collection, DunningContext, DunningEvent, DunningInput, DunningOutput, Reminder } from './dunning.ts'
export { orderSaga } from './order-saga.ts'
export type { Order, OrderResults, OrderSagaContext, OrderSagaEvent, OrderSagaInput } from './order-saga.ts'
export type { OrderSagaOutput, OrderStep, Undo } from './order-saga.ts'
export { polling } from './polling.ts'
export type { PollingContext, PollingEvent, PollingInput, RemoteJob, Report } from './polling.ts'
export { webhook } from './webhook.ts'
export type { WebhookContext, WebhookEvent, WebhookInput } from './webhook.ts'
