import { randomBytes } from 'node:crypto'
import type { AnyMachineSnapshot } from 'xstate'
import { pathOfSystemId, snapshotAt } from '../engine/acquaintance.ts'
import type { PendingAction } from '../engine/action.ts'
import { withOthers } from '../engine/actor-references.ts'
import type { Path } from '../engine/address.ts'
import { letterTo } from '../engine/letter.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import type { LiveMessage } from '../engine/snapshot.ts'
import { mailText } from '../events/mail-text.ts'
import type { EventData } from '../message.ts'
import type { Partition } from '../store/store.ts'

/** What a custom action gets beside its `params`. In the place of all actors in it there are acquaintances. */
export interface ActionInfo {
  /** Name of the action. */
  readonly type: string
  readonly params: unknown
  readonly event: EventData
  /** As it was when the machine asked for the action. */
  readonly context: unknown
  /** The machine that asks for it: the message, or an actor within it. */
  readonly self: Acquaintance
  /** Finds an actor of the message by its `systemId`; `undefined` when there is none, or it has ended. */
  readonly system: { get(systemId: string): Acquaintance | undefined }
}

/** An actor as actions know it. What is sent to it waits in the inbox of its message, and comes to it in a step of its own. */
export interface Acquaintance {
  readonly id: string
  send(event: EventData): void
  /** As of the commit in which the action was asked for; `undefined` when the actor is no more. */
  getSnapshot(): AnyMachineSnapshot | undefined
}

/**
 * Runs custom actions, each begun after the one before has returned; resolves when all that they promised has settled. What one
 * throws is logged, as XState reports it and goes on: its step is committed, and cannot be taken back.
 */
export async function runActions(
  queue: QueueRuntime,
  partition: Partition,
  { id, snapshot }: LiveMessage,
  actions: readonly PendingAction[],
): Promise<void> {
  const failed = (name: string, error: unknown): void => queue.log.actionFailed(id, name, error)
  const acquaint = (path: Path): Acquaintance => ({
    id: path.at(-1) ?? id,
    send(event) {
      const token = randomBytes(12).toString('base64url')
      queue.store
        .deliver(partition, token, [{ id, event: mailText(letterTo(path, event)) }])
        .catch((error: unknown) => failed(event.type, error))
    },
    getSnapshot: () => snapshotAt(snapshot, path),
  })
  const system = {
    get(systemId: string) {
      const path = pathOfSystemId(snapshot, systemId)
      return path && acquaint(path)
    },
  }
  const running = actions.map(async ({ name, params, event, context, exec, at = [] }) => {
    if (!exec) return queue.log.actionWithoutCode(id, name)
    const known = <T>(value: T): T => withOthers(value, at, acquaint)
    const info: ActionInfo = {
      type: name,
      params: known(params),
      event: known(event),
      context: known(context),
      self: acquaint(at),
      system,
    }
    try {
      await exec(info, info.params)
    } catch (error) {
      failed(name, error)
    }
  })
  await Promise.all(running)
}
