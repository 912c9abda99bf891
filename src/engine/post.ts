import type { ChildMessage, MessageRef } from '../../machines/index.ts'
import type { EventData } from '../message.ts'
import type { ParentRef } from './parent.ts'

/** The port by which a message in the hands of a worker reaches messages of other queues. */
export interface Post {
  /**
   * Puts an event into the inbox of a message. One that has ended takes it and does nothing, as a stopped actor does.
   * @returns why it cannot be, where that is final: `E_UNKNOWN_QUEUE`, `E_NOT_FOUND`, `E_UNKNOWN_EVENT`, `E_INVALID_EVENT`.
   * @throws what may pass, such as `E_REDIS_UNAVAILABLE`.
   */
  deliver(letter: Letter): Promise<Error | undefined>
  /**
   * Stores child messages, each once.
   * @returns for each child that cannot be started why, where that is final, such as `E_UNKNOWN_QUEUE`, `E_INVALID_PAYLOAD`, `E_ID_TAKEN`.
   * @throws what may pass, such as `E_REDIS_UNAVAILABLE`.
   */
  start(orders: readonly ChildOrder[], terms: StartTerms): Promise<readonly (Error | undefined)[]>
}

export interface Letter {
  readonly target: MessageRef
  readonly event: EventData
  /** Of several letters with the same one, the message takes one. */
  readonly eventId?: string
}

export interface ChildOrder {
  readonly ref: MessageRef
  readonly child: ChildMessage
  readonly parent: ParentRef
}

/** Under which a worker starts the children of its message. */
export interface StartTerms {
  /** Whether it may have been tried before, by whoever had the message then: some children may have begun, and even be gone. */
  readonly again: boolean
  /** Whether the message is this worker's by all that it knows. */
  holds(): boolean
  /** Tells which children need not begin any more, by their index and by what is stored of the parent now. */
  ended(): Promise<(index: number) => boolean>
}
