import type { AnyStateMachine } from 'xstate'
import { decode, encode } from '../codec.ts'
import type { EventData } from '../message.ts'
import type { ActionCode, ActionEffect, Effect } from './effects.ts'
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

/** Named actions go by their name, inline ones by their place: `inline:order.charging:entry:0`. */
export function createActionBook(machine: AnyStateMachine): ActionBook {
  const named = machine.implementations.actions as Readonly<Record<string, ActionCode>>
  const places = new Map<unknown, string>()
  const inline = new Map<string, ActionCode>()
  for (const node of allNodes(machine.root)) {
    const lists = [
      ['entry', node.entry],
      ['exit', node.exit],
      ...transitionsOf(node).map((transition, i) => [`${transition.eventType}/${i}`, transition.actions] as const),
    ] as const
    for (const [where, actions] of lists) {
      for (const [i, action] of (actions as readonly unknown[]).entries()) {
        if (typeof action !== 'function' || 'resolve' in action || places.has(action)) continue
        const name = `inline:${node.id}:${where}:${i}`
        places.set(action, name)
        inline.set(name, action as ActionCode)
      }
    }
  }
  return {
    code: (name) => named[name] ?? inline.get(name),
    name: ({ name, exec }) => places.get(exec) ?? (name in named ? name : undefined),
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
