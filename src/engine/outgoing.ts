import { SEND, START } from '../../machines/talk.ts'
import type { MessageRef } from '../../machines/index.ts'
import type { ActionEffect } from './effects.ts'

/**
 * What a commit asks Redrive itself to do to other messages. It is stored as a custom action is, and taken away once it is done: so a
 * pending action is the outbox by which messages of different partitions talk.
 */
export const OUTGOING = Object.freeze({
  /** An event for another message: `SendParams`. */
  send: SEND,
  /** Children to start: `StartParams`. */
  start: START,
  /** How a child ended, for its parent: `ReportParams`. */
  report: 'redrive.report',
  /** CANCEL for children: `CancelParams`. */
  cancel: 'redrive.cancel',
})

const NAMES: ReadonlySet<string> = new Set(Object.values(OUTGOING))

export const isOutgoing = (name: string): boolean => NAMES.has(name)

export interface ReportParams {
  readonly failed: boolean
  /** The output of a child that succeeded, the error of one that did not. */
  readonly value: unknown
}

export interface CancelParams {
  readonly children: readonly MessageRef[]
}

/** Something to be done, before it has a nonce. */
export interface Outgoing {
  readonly name: string
  readonly params: unknown
}

export const outgoingEffect = ({ name, params }: Outgoing): ActionEffect => ({
  type: 'action',
  name,
  params,
  event: { type: name },
  context: undefined,
  exec: undefined,
})
