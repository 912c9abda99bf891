import type { Command } from 'commander'
import { actorName } from '../actor.ts'
import { addChange } from '../change.ts'
import type { Runner } from '../session.ts'

export function addRelease(program: Command, runner: Runner): void {
  addChange(program, runner, {
    name: 'release',
    description: 'let messages out of quarantine: each is tried again where it was',
    question: 'Release',
    outcome: 'released',
    only: '~quarantined',
    act: (queue, id) => queue.release(id, { actor: actorName() }),
    action: 'release',
    destructive: false,
    examples: ['redrive release emails e1', 'redrive release emails --all --yes'],
  })
}
