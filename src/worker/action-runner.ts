import { randomBytes } from 'node:crypto'
import type { PendingAction } from '../engine/action.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import type { LiveMessage } from '../engine/snapshot.ts'
import { mailText } from '../events/mail-text.ts'
import type { EventData } from '../message.ts'
import type { Partition } from '../store/store.ts'

/** What a custom action gets beside its `params`. */
export interface ActionInfo {
  /** Name of the action. */
  readonly type: string
  readonly params: unknown
  readonly event: EventData
  readonly context: unknown
  /** The message: what is sent to it waits in its inbox. */
  readonly self: { readonly id: string; send(event: EventData): void }
}

/**
 * Runs custom actions, each begun after the one before has returned; resolves when all that they promised has settled. What one
 * throws is logged, as XState reports it and goes on: its step is committed, and cannot be taken back.
 */
export async function runActions(
  queue: QueueRuntime,
  partition: Partition,
  { id }: LiveMessage,
  actions: readonly PendingAction[],
): Promise<void> {
  const failed = (name: string, error: unknown): void => queue.log.actionFailed(id, name, error)
  const self = {
    id,
    send(event: EventData) {
      const token = randomBytes(12).toString('base64url')
      queue.store
        .deliver(partition, token, [{ id, event: mailText(event) }])
        .catch((error: unknown) => failed(event.type, error))
    },
  }
  const running = actions.map(async ({ name, params, event, context, exec }) => {
    if (!exec) return queue.log.actionWithoutCode(id, name)
    const info: ActionInfo = { type: name, params, event, context, self }
    try {
      await exec(info, params)
    } catch (error) {
      failed(name, error)
    }
  })
  await Promise.all(running)
}
