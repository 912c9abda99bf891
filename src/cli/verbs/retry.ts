import type { Command } from 'commander'
import { addChange } from '../change.ts'
import type { Runner } from '../session.ts'

export function addRetry(program: Command, runner: Runner): void {
  addChange(program, runner, {
    name: 'retry',
    description: 'try waiting messages now, without the rest of their delay',
    question: 'Retry',
    outcome: 'retried',
    event: 'RETRY',
    action: 'retry',
    destructive: false,
    examples: ['redrive retry emails e1', 'redrive retry emails --state retrying --yes'],
  })
}
