import type { AnyMachineSnapshot } from 'xstate'
import type { MessageRef } from '../../machines/index.ts'
import { decode, encode } from '../codec.ts'
import type { ErrorSummary } from '../message.ts'
import { OUTGOING, outgoingEffect, type ReportParams } from './outgoing.ts'
import type { ActionEffect } from './effects.ts'
import { tagsOf } from './registry.ts'
import { errorSummary } from './storable.ts'

/** Who started a message, and as which of its children. */
export interface ParentRef extends MessageRef {
  /** When the parent was stored: another message of the same id, later, is not the parent. */
  readonly born: number
  /** Of the start. */
  readonly nonce: string
  readonly index: number
}

/** How the field of a child tells of its parent. */
export function parentText({ queue, id, born, nonce, index }: ParentRef): string {
  return encode([queue, id, born, nonce, index], 'parent')
}

/** @throws when the text is broken. */
export function readParent(text: string): ParentRef {
  const [queue, id, born, nonce, index] = decode(text) as [string, string, number, string, number]
  return { queue, id, born, nonce, index }
}

/** A message is settled when its machine is finished, or rests in a state that says so by its tag (and may be left again). */
export const isSettled = (snapshot: AnyMachineSnapshot): boolean =>
  snapshot.status !== 'active' || snapshot.hasTag('settled')

/** What a child tells its parent of its end. */
export function reportOf(snapshot: AnyMachineSnapshot, state: string, error: ErrorSummary | undefined): ActionEffect {
  const tags = tagsOf(snapshot)
  const failed = tags.includes('dead') || tags.includes('cancelled')
  const value: unknown = failed ? (error ?? failureOf(snapshot, state, tags)) : snapshot.output
  const params: ReportParams = { failed, value }
  return outgoingEffect({ name: OUTGOING.report, params })
}

/** Why a message has died in a step that had no error: who hears of a death is told. */
export function deathOf(snapshot: AnyMachineSnapshot, { from, to }: Move): ErrorSummary | undefined {
  const tags = tagsOf(snapshot)
  return tags.includes('dead') && from !== to ? failureOf(snapshot, to, tags) : undefined
}

interface Move {
  readonly from: string | null
  readonly to: string
}

/** A message may die of a time limit or by an event: then the step has no error, and its context may have the last one. */
function failureOf({ context }: AnyMachineSnapshot, state: string, tags: readonly string[]): ErrorSummary {
  const code = tags.includes('dead') ? 'E_DEAD' : 'E_CANCELLED'
  const { error } = context as { error?: unknown }
  const why = code === 'E_DEAD' && error !== undefined ? `: ${errorSummary(error).message}` : '.'
  return { name: 'RedriveError', code, message: `${code}: it ended in "${state}"${why}`.slice(0, 1000) }
}
