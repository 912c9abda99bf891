import type { AnyActorLogic, AnyStateMachine } from 'xstate'
import { actorLogic, kindOf } from './logic.ts'
import { qualified, type Member } from './members.ts'
import { allNodes, type AnyStateNode } from './nodes.ts'

/** An invoke whose error nothing takes. */
export interface UnhandledError {
  /** Of the machine that invokes. */
  readonly member: Member
  readonly node: AnyStateNode
  readonly id: string
  readonly src: string
}

/**
 * Invokes without an `onError` whose failure ends the message in `~failed`. A transition of the state, or of one around it, may take the error
 * too, by its type or a wildcard. What fails below ends its own machine first, and is the error of the invoke of that machine.
 */
export function unhandledErrors(members: readonly Member[]): UnhandledError[] {
  const root = members[0]!
  const found: UnhandledError[] = []
  const open: Member[] = [root]
  const seen = new Set<Member>(open)
  for (const member of open) {
    for (const unhandled of unhandledIn(member)) {
      found.push(unhandled)
      const below = memberOf(members, member, unhandled.src)
      if (!below || seen.has(below)) continue
      seen.add(below)
      open.push(below)
    }
  }
  return found
}

function unhandledIn(member: Member): UnhandledError[] {
  return [...allNodes(member.machine.root)].flatMap((node) =>
    node.invoke
      .map(({ id, src }) => ({ member, node, id, src: src as string }))
      .filter(({ id, src }) => canFail(member.machine, src) && !takes(node, `xstate.error.actor.${id}`)),
  )
}

/** A transition function throws only by a fault; what cannot be durable is refused anyway. */
function canFail(machine: AnyStateMachine, src: string): boolean {
  const logic: AnyActorLogic | undefined = actorLogic(machine, src)
  return logic === undefined || kindOf(logic) === 'promise' || kindOf(logic) === 'machine'
}

function takes(node: AnyStateNode | undefined, type: string): boolean {
  for (let each = node; each; each = each.parent) {
    if ([...each.transitions.keys()].some((descriptor) => isFor(descriptor, type))) return true
  }
  return false
}

/** As XState reads it: `a.*` is for `a`, `a.b` and `a.b.c`, and `*` for all. */
const isFor = (descriptor: string, type: string): boolean =>
  descriptor === type ||
  descriptor === '*' ||
  (descriptor.endsWith('.*') && `${type}.`.startsWith(descriptor.slice(0, -1)))

/** The machine that a source is. One that is invoked in several places is there once, under the key by which it was met first. */
function memberOf(members: readonly Member[], { key, machine }: Member, src: string): Member | undefined {
  const logic = actorLogic(machine, src)
  return members.find(
    (member) => member.key === qualified(key, src) || (logic !== undefined && member.machine === logic),
  )
}
