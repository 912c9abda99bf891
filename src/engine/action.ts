import type { AnyStateMachine } from 'xstate'
import { decode, encode } from '../codec.ts'
import type { EventData } from '../message.ts'
import type { Fields } from '../store/store.ts'
import { withPaths } from './actor-references.ts'
import type { Path } from './address.ts'
import type { ActionCode, ActionEffect, Effect } from './effects.ts'
import { withHeardSnapshot, withStoredSnapshot } from './heard-snapshot.ts'
import { qualified, type Member } from './members.ts'
import { allNodes, transitionsOf } from './nodes.ts'
import { compareNonces } from './nonce.ts'
import { markText, readMark } from './lease-mark.ts'
import { isOutgoing } from './outgoing.ts'
import { pastContext, pastText } from './action-context.ts'
import { encodeEvent } from './storable.ts'

/**
 * A custom action that a committed step asked for. It is stored with the step and taken away by a commit after it has run, so that
 * one whose worker dies in between is run again: at least once.
 */
export interface PendingAction extends Omit<ActionEffect, 'type'> {
  readonly nonce: string
  /** Whether this process has begun it; one that was just read from the store has not been begun here. */
  readonly started: boolean
  /** Whether a worker had begun it, as it was read from the store: that worker is lost. */
  readonly begun?: boolean
  /** Workers that were lost while they ran it. Absent: none. */
  readonly leasesLost?: number
}

/** Finds the code of an action by its name, and the name of a code. */
export interface ActionBook {
  code(name: string): ActionCode | undefined
  /** `undefined` for code that is nowhere in the machine's config: it was made within a step, and cannot be found again later. */
  name(effect: Pick<ActionEffect, 'name' | 'exec'>): string | undefined
  /** The event of an action as it is stored, and back. */
  toStored(event: EventData): EventData
  fromStored(event: EventData): EventData
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
    code: (name) => (isOutgoing(name) ? undefined : codes.get(name)),
    name: ({ name, exec }) => places.get(exec) ?? (codes.has(name) || isOutgoing(name) ? name : undefined),
    toStored: (event) => withStoredSnapshot(event, members),
    fromStored: (event) => withHeardSnapshot(event, members),
  }
}

/** Functions that stand in a machine's config as they are. */
function* inlineActions(machine: AnyStateMachine): Generator<{ name: string; code: ActionCode }> {
  for (const node of allNodes(machine.root)) {
    const lists = [
      ['entry', node.entry],
      ['exit', node.exit],
      ['initial', node.initial.actions],
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

/**
 * What is stored of an action, by lines: leases lost and a plus while it runs, and its name; parameters, event, the actor that asks for it, and what was another in its context.
 * @param settled the context of its actor as it is stored.
 */
export function actionText(book: ActionBook, action: PendingAction, settled: unknown): string {
  const { name, params, event, at, context, started, leasesLost } = action
  // Messages between messages are no code of the user's: they harm no worker, and are delivered until they are.
  const mark = isOutgoing(name) ? '' : `${markText(leasesLost)}${started ? '+' : ''}`
  const lines = [
    mark + encodeURIComponent(name),
    encode(withPaths(params), `parameters of ${name}`),
    encodeEvent(withPaths(book.toStored(event)), `event of ${name}`),
    at ? encode(at, `actor of ${name}`) : '',
    pastText(context, settled),
  ]
  return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1).join('\n')
}

type ContextAt = (path: Path) => unknown

function restoreAction(book: ActionBook, nonce: string, text: string, contextAt: ContextAt): PendingAction {
  const [head = '', params = '~-1', event = '{}', place = '', past = ''] = text.split('\n')
  const { leasesLost, running: begun, name } = readMark(head)
  const decoded = decodeURIComponent(name)
  const at = place === '' ? [] : (decode(place) as Path)
  return {
    nonce,
    name: decoded,
    params: decode(params),
    event: book.fromStored(decode(event) as EventData),
    ...(at.length === 0 ? {} : { at }),
    context: pastContext(past, contextAt(at)),
    exec: book.code(decoded),
    started: false,
    ...(begun ? { begun } : {}),
    ...(leasesLost === 0 ? {} : { leasesLost }),
  }
}

/** All that is still to be run, in its order; its fields begin with a letter. `contextAt` tells the contexts that were stored beside it. */
export function restoreActions(
  book: ActionBook,
  letter: string,
  fields: Fields,
  contextAt: ContextAt,
): Map<string, PendingAction> {
  const texts = Object.entries(fields).filter(([field]) => field.startsWith(letter))
  // By nonce, which is the order in which they were asked for within a commit.
  const ordered = texts
    .map(([field, text]) => [field.slice(1), text] as const)
    .toSorted(([a], [b]) => compareNonces(a, b))
  return new Map(ordered.map(([nonce, text]) => [nonce, restoreAction(book, nonce, text, contextAt)]))
}
