import { encode } from '../codec.ts'
import type { DurableMachine } from '../engine/registry.ts'
import { FIELD } from '../engine/snapshot.ts'
import type { Stimulus } from '../engine/stimulus.ts'
import { isLarge } from '../events/transition-text.ts'
import { planOf } from '../step/plan/plan.ts'
import type { Start } from '../step/recipe.ts'
import type { CommitGroup, GroupMember } from '../store/round.ts'
import type { QuickMessage } from './quick-message.ts'

/** The ends of messages of one lane that no round has committed yet. */
export interface QuickEnds {
  readonly count: number
  /** Of their outputs. */
  readonly bytes: number
  add(fence: string, end: QuickEnd): void
  /** Empties it. The members of the groups are in the order of the ends. */
  take(): { readonly groups: readonly CommitGroup[]; readonly ends: readonly QuickEnd[] }
}

/** How a message ends by the short way. */
export interface QuickEnd {
  readonly member: GroupMember
  readonly output: unknown
  readonly bytes: number
}

export function createQuickEnds(ending: Start['ending']): QuickEnds {
  /** By the fence of their start, which the messages of one round share. */
  let groups = new Map<string, QuickEnd[]>()
  let count = 0
  let bytes = 0
  return {
    get count() {
      return count
    },
    get bytes() {
      return bytes
    },
    add(fence, end) {
      const group = groups.get(fence)
      if (group) group.push(end)
      else groups.set(fence, [end])
      count++
      bytes += end.bytes
    },
    take() {
      const taken = groups
      groups = new Map()
      count = bytes = 0
      return {
        groups: [...taken].map(([fence, ends]) => ({ ...ending, fence, members: ends.map(({ member }) => member) })),
        ends: [...taken.values()].flat(),
      }
    },
  }
}

/**
 * Tells how a message ends whose handler is done, or nothing where that is more than a round does: an error, a large output, events for
 * others, an input by which the machine itself would go another way than the example did.
 */
export function createEndOf(
  machine: DurableMachine,
  { recipe, ending, invocation }: Start,
): (message: QuickMessage, stimulus: Stimulus) => QuickEnd | undefined {
  const plan = planOf(machine)
  const from = plan.state(recipe.to)
  const actorId = invocation.id
  const type = `xstate.done.actor.${actorId}`

  function endsLikeExample({ id, context }: QuickMessage, output: unknown): boolean {
    if (from.refused !== undefined) return false
    const step = plan.step(from, context, { type, output, actorId }, id)
    return (
      step.refused === undefined &&
      step.status === 'done' &&
      step.to.name === ending.to &&
      step.context === context &&
      step.output === output &&
      step.effects.every((effect) => effect.type === 'stop' || effect.type === 'timer.cancel')
    )
  }

  return (message, stimulus) => {
    if (stimulus.type !== 'done' || (stimulus.outgoing && stimulus.outgoing.length > 0)) return undefined
    const { output } = stimulus
    const text = output === undefined ? '' : encode(output, 'output')
    if (isLarge(text) || !endsLikeExample(message, output)) return undefined
    return { member: memberOf(message.id, text), output, bytes: text.length }
  }

  function memberOf(id: string, text: string): GroupMember {
    if (text === '') return { id }
    const transition = `${ending.transition.slice(0, -1)},"o":${JSON.stringify(text)}}`
    return { id, fields: { [FIELD.output]: text }, transition }
  }
}
