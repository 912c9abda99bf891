import type { AnyStateMachine } from 'xstate'
import { decode, encode } from '../codec.ts'
import type { EventData } from '../message.ts'
import type { ActionCode, ActionEffect, Effect } from './effects.ts'
import { qualified, type Member } from './members.ts'
import { allNodes, transitionsOf } from './nodes.ts'
import { encodeEvent } from './storable.ts'

/**
 * A custom action that a committed step asked for. It is stored with the step and taken away by a commit after it has run, so that
 * one whose worker dies in between is run again: at least once.
 */
export interface PendingAction extends Omit<ActionEffect, 'type'> {
  readonly nonce: string
  /** Whether this process has begun it; one that was just read from the store has not been begun here. */
  readonly started: boolean
}

/** Finds the code of an action by its name, and the name of a code. */
export interface ActionBook {
  code(name: string): ActionCode | undefined
  /** `undefined` for code that is nowhere in the machine's config: it was made within a step, and cannot be found again later. */
  name(effect: Pick<ActionEffect, 'name' | 'exec'>): string | undefined
}

/**
 * Named actions go by their name, inline ones by their place: `inline:order.charging:entry:0`. Those of a machine that is invoked
 * have its key before that.
 */
export function createActionBook(members: readonly Member[]): ActionBook {
  const places = new Map<unknown, string>()
  const codes = new Map<string, ActionCode>()
  for (const member of members) {
    for (const [name, code] of Object.entries(member.machine.implementations.actions))
      codes.set(qualified(member.key, name), code as ActionCode)
    for (const { name, code } of inlineActions(member.machine)) {
      if (places.has(code)) continue
      const place = qualified(member.key, name)
      places.set(code, place)
      codes.set(place, code)
    }
  }
  return {
    code: (name) => codes.get(name),
    name: ({ name, exec }) => places.get(exec) ?? (codes.has(name) ? name : undefined),
  }
}

/** Functions that stand in a machine's config as they are. */
function* inlineActions(machine: AnyStateMachine): Generator<{ name: string; code: ActionCode }> {
  for (const node of allNodes(machine.root)) {
    const lists = [
      ['entry', node.entry],
      ['exit', node.exit],
      ...transitionsOf(node).map((transition, i) => [`${transition.eventType}/${i}`, transition.actions] as const),
    ] as const
    for (const [where, actions] of lists) {
      for (const [i, action] of (actions as readonly unknown[]).entries()) {
        if (typeof action !== 'function' || 'resolve' in action) continue
        yield { name: `inline:${node.id}:${where}:${i}`, code: action as ActionCode }
      }
    }
  }
}

/** Actions under the names by which they are found again. */
export function withNames(book: ActionBook, effects: readonly Effect[]): readonly Effect[] {
  return effects.map((effect) =>
    effect.type === 'action' ? { ...effect, name: book.name(effect) ?? effect.name } : effect,
  )
}

/** What is stored of an action: name, parameters and event by lines. */
export function actionText({ name, params, event }: PendingAction): string {
  return [
    encodeURIComponent(name),
    encode(params, `parameters of ${name}`),
    encodeEvent(event, `event of ${name}`),
  ].join('\n')
}

export function restoreAction(book: ActionBook, nonce: string, text: string, context: unknown): PendingAction {
  const [name = '', params = '~-1', event = '{}'] = text.split('\n')
  const decoded = decodeURIComponent(name)
  return {
    nonce,
    name: decoded,
    params: decode(params),
    event: decode(event) as EventData,
    context,
    exec: book.code(decoded),
    started: false,
  }
}
