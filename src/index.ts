export { Redrive } from './client/redrive.ts'
export type { RedriveOptions } from './client/redrive-options.ts'
export type { Health } from './client/health.ts'
export type { DurabilityOptions } from './client/durability.ts'
export type { LockOptions } from './client/lock-nodes.ts'
export type { OutboxOptions } from './client/outbox/outbox-options.ts'
export type { BulkMessage, Queue, SendOptions } from './client/queue.ts'
export type { SignalOptions, SignalResult } from './client/signals.ts'
export type { AnyShape, MachineShape, MessageShape, QueueOpener, QueueShape } from './client/queue-shape.ts'
export type { Listen } from './client/queue-events.ts'
export type { MachineQueueOptions, MessageQueueOptions } from './client/queue-options.ts'
export type { HandlersOf, TypedWork } from './worker/machine-handlers.ts'
export type { QueueOptions, RetentionOption, RetryOptions, SendRetryOptions } from './client/queue-options.ts'
export type { FeedOptions, FeedTransition } from './client/feed.ts'
export type { Schema } from './client/input.ts'
export type { ListOptions, QueueStats } from './client/reader.ts'
export type { QueuePopulation, VisitMessage } from './client/population.ts'
export type { UnfitStep } from './step/plan/unfit.ts'
export type { PopulationGroup } from './engine/population.ts'
export type { ActorOption, AuditEntry } from './client/steering/audit.ts'
export type { EditOptions, EditResult } from './client/steering/edit.ts'
export type { MessageFilter } from './client/steering/message-filter.ts'
export type { Operation, OperationProgress } from './client/steering/operation.ts'
export type { OperationOutcome } from './client/steering/deed.ts'
export type { OperationAction, OperationRequest } from './client/steering/operation-request.ts'
export type { OperateOptions, OperationPreview, UndoResult } from './client/steering/steering.ts'
export type { WorkerReport } from './engine/roster.ts'
export type { GivenHandlers, Handler, HandlerContext, Handlers, OwnActor } from './worker/handlers.ts'
export type { StopOptions } from './worker/stop-options.ts'
export type { Worker, WorkerOptions, WorkerStats } from './worker/worker.ts'
export type { LagReading } from './timer/lag.ts'
export type { Failure, QueueEvents } from './engine/runtime.ts'
export type { TimerFate } from './engine/timer-fate.ts'
export type { MachineRef, Migrate, MigratedSnapshot, MigrationTarget } from './engine/versions.ts'
export type {
  AnyContext,
  ErrorSummary,
  EventData,
  ContextChanges,
  JournalEntry,
  Message,
  MessageJoin,
  SendResult,
  Status,
  Transition,
} from './message.ts'
export { DEFAULTS } from './options.ts'
export type { Duration } from './options.ts'
export { ERROR_CODES, hasCode, RedriveError } from './errors.ts'
export type { ErrorCode } from './errors.ts'
export type { RedisAddress, SecuredAddress, TlsOptions } from './store/redis-address.ts'
export type { QueueDefinition, ServerFacts } from './store/store.ts'
export { createMemoryStore } from './store/memory-store.ts'
export type { MemoryStore, MemoryStoreOptions } from './store/memory-store.ts'
export { silentLogger } from './telemetry/log.ts'
export type { Logger } from './telemetry/log.ts'
export { NonRetryableError, RetryableError, sendToMessage, SnoozeError, startChildren } from '../machines/index.ts'
export type {
  AllDoneEvent,
  AnyFailedEvent,
  ChildMessage,
  ChildResult,
  FailedPolicy,
  JoinOptions,
  MessageRef,
} from '../machines/index.ts'
