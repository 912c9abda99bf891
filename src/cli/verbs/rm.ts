import type { Command } from 'commander'
import { addChange } from '../change.ts'
import type { Runner } from '../session.ts'

export function addRm(program: Command, runner: Runner): void {
  addChange(program, runner, {
    name: 'rm',
    description: 'delete messages and all that is stored of them',
    question: 'Delete',
    outcome: 'deleted',
    action: 'remove',
    destructive: true,
    examples: ['redrive rm emails e1 --yes', 'redrive rm emails --state succeeded --dry-run'],
  })
}
