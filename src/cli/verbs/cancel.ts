import type { Command } from 'commander'
import { addChange } from '../change.ts'
import type { Runner } from '../session.ts'

export function addCancel(program: Command, runner: Runner): void {
  addChange(program, runner, {
    name: 'cancel',
    description: 'give messages up; a handler that runs is aborted',
    question: 'Cancel',
    outcome: 'cancelled',
    event: 'CANCEL',
    action: 'cancel',
    destructive: true,
    examples: ['redrive cancel emails e1 --yes', 'redrive cancel emails --all --dry-run'],
  })
}
